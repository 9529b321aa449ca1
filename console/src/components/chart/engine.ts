/** The parts of ECharts that the console uses. Loaded only when a chart is on the page. */

import { BarChart, LineChart } from "echarts/charts";
import { GridComponent, TooltipComponent } from "echarts/components";
import { connect, init, use as register } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";

register([LineChart, BarChart, GridComponent, TooltipComponent, SVGRenderer]);

export { connect, init };

import { useTranslation } from "react-i18next";
import { useFigures } from "@/api/figures-hook";
import { Page } from "@/components/Page";
import { Watermark } from "@/components/Watermark";
import { KeyNumbers } from "./KeyNumbers";
import { KEY_NAMES } from "./metrics";
import { Ranking } from "./Ranking";
import { SystemLine } from "./SystemLine";
import { Today } from "./Today";
import { WhatChanged } from "./WhatChanged";
import { LastData } from "./LastData";
import "./overview.css";

/** Today against the same weekday: the numbers, the day's course, who drives it, and the house's health. */
export function Overview() {
  const { t } = useTranslation();
  const figures = useFigures({ metrics: KEY_NAMES });
  return (
    <Page title={t("stages.overview")} status={figures.data ? <Watermark at={figures.data.watermark} /> : undefined}>
      <LastData />
      <KeyNumbers />
      <div className="two">
        <Today />
        <WhatChanged />
      </div>
      <div className="two even">
        <Ranking of="campaign" kind="campaigns" metrics={["cost", "clicks", "ctr", "revenue_attributed", "roas"]} base="/ads/" />
        <Ranking of="promotion" kind="promotions" metrics={["discount", "orders", "gmv"]} base="/promotions/" />
      </div>
      <SystemLine />
    </Page>
  );
}

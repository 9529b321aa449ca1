import ads from "./ads";
import audience from "./audience";
import common from "./common";
import figures from "./figures";
import frame from "./frame";
import operations from "./operations";
import overview from "./overview";
import promotion from "./promotion";

export default { ...common, ...frame, ...figures, ...overview, ...promotion, ...ads, ...audience, ...operations };

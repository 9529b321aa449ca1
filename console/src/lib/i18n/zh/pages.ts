import ads from "./ads";
import audience from "./audience";
import data from "./data";
import imports from "./imports";
import landing from "./landing";
import operations from "./operations";
import promotion from "./promotion";

/** What every page but the Overview says. */
export default { ...promotion, ...ads, ...audience, ...operations, ...data, ...imports, ...landing };

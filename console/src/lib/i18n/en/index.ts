import common from "./common";
import figures from "./figures";
import frame from "./frame";
import overview from "./overview";

/** What the frame and the Overview say; the other pages' words come with the first of them. */
export default { ...common, ...frame, ...overview, ...figures };

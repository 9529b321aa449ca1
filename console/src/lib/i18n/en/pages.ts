import ads from "./ads";
import advertisers from "./advertisers";
import approvals from "./approvals";
import audience from "./audience";
import bulk from "./bulk";
import burn from "./burn";
import coupons from "./coupons";
import data from "./data";
import deals from "./deals";
import effect from "./effect";
import flash from "./flash";
import imports from "./imports";
import inspector from "./inspector";
import landing from "./landing";
import operations from "./operations";
import points from "./points";
import programme from "./programme";
import promotion from "./promotion";
import referrals from "./referrals";
import targeting from "./targeting";
import traffic from "./traffic";
import trying from "./trying";
import wizard from "./wizard";

/** What every page but the Overview says. */
export default { ...approvals, ...points, ...programme, ...promotion, ...referrals, ...ads, ...deals, ...advertisers, ...targeting, ...wizard, ...inspector, ...traffic, ...bulk, ...burn, ...audience, ...operations, ...data, ...imports, ...landing, ...flash, ...coupons, ...trying, ...effect };

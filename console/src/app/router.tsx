import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { speakPages } from "@/lib/i18n";
import { parseSearch, type Search, stringifySearch } from "@/lib/url";
import { Frame } from "./Frame";
import { Broken, Missing } from "./fallbacks";

const root = createRootRoute({ validateSearch: (search: Record<string, unknown>) => search as Search });
const frame = createRoute({ getParentRoute: () => root, id: "frame", component: Frame });
const page = (path: string, load: () => Promise<Record<string, unknown>>, name: string) => {
  const spoken = path === "/" ? load : async () => (await Promise.all([load(), speakPages()]))[0];
  return createRoute({ getParentRoute: () => frame, path, component: lazyRouteComponent(spoken as never, name as never) as never });
};

/** What is a tab of the promotions' page is found where somebody would type it, and is no promotion's id. */
const tabOfPromotions = (tab: string) =>
  createRoute({
    getParentRoute: () => frame,
    path: `/promotions/${tab}`,
    beforeLoad: () => {
      throw redirect({ to: "/promotions", search: { tab } as never });
    },
  });

const routes = [
  ...["calendar", "batches", "points"].map(tabOfPromotions),
  page("/", () => import("@/features/overview/Overview"), "Overview"),
  page("/promotions", () => import("@/features/promotions/Promotions"), "Promotions"),
  page("/promotions/new", () => import("@/features/promotions/Editor"), "NewPromotion"),
  page("/promotions/batches/new", () => import("@/features/promotions/BatchEditor"), "NewBatch"),
  page("/promotions/batches/$id", () => import("@/features/promotions/BatchEditor"), "Batch"),
  page("/promotions/points/new", () => import("@/features/promotions/Programme"), "NewProgramme"),
  page("/promotions/points/$id", () => import("@/features/promotions/Programme"), "Programme"),
  page("/promotions/referrals", () => import("@/features/referrals/Referrals"), "Referrals"),
  page("/promotions/referrals/new", () => import("@/features/referrals/Programme"), "NewReferralProgramme"),
  page("/promotions/referrals/$id", () => import("@/features/referrals/Programme"), "ReferralProgramme"),
  page("/promotions/flash-sales", () => import("@/features/flash-sales/FlashSales"), "FlashSales"),
  page("/promotions/flash-sales/new", () => import("@/features/flash-sales/Editor"), "NewFlashSale"),
  page("/promotions/flash-sales/$id", () => import("@/features/flash-sales/FlashSale"), "FlashSale"),
  page("/promotions/pages", () => import("@/features/landing-pages/LandingPages"), "LandingPages"),
  page("/promotions/pages/new", () => import("@/features/landing-pages/NewPage"), "NewPage"),
  page("/promotions/pages/$id", () => import("@/features/landing-pages/LandingPage"), "LandingPage"),
  page("/promotions/effects", () => import("@/features/promotions/Effects"), "Effects"),
  page("/promotions/try", () => import("@/features/promotions/TryCart"), "TryCart"),
  page("/promotions/$id", () => import("@/features/promotions/Promotion"), "Promotion"),
  page("/promotions/$id/edit", () => import("@/features/promotions/Editor"), "EditPromotion"),
  page("/ads", () => import("@/features/ads/Ads"), "Ads"),
  page("/ads/new", () => import("@/features/ads/wizard/CampaignWizard"), "CampaignWizard"),
  page("/ads/form", () => import("@/features/ads/Editor"), "NewCampaign"),
  page("/ads/traffic", () => import("@/features/ads/traffic/TrafficPage"), "TrafficPage"),
  page("/ads/why", () => import("@/features/ads/inspector/WhyPage"), "WhyPage"),
  page("/ads/placements/new", () => import("@/features/ads/PlacementEditor"), "NewPlacement"),
  page("/ads/placements/$id", () => import("@/features/ads/PlacementEditor"), "Placement"),
  page("/ads/deals/new", () => import("@/features/ads/deals/Deal"), "NewDeal"),
  page("/ads/deals/$id", () => import("@/features/ads/deals/Deal"), "Deal"),
  page("/ads/advertisers/new", () => import("@/features/ads/Advertiser"), "NewAdvertiser"),
  page("/ads/advertisers/$id", () => import("@/features/ads/Advertiser"), "Advertiser"),
  page("/ads/$id", () => import("@/features/ads/Campaign"), "Campaign"),
  page("/ads/$id/edit", () => import("@/features/ads/Editor"), "EditCampaign"),
  page("/audience", () => import("@/features/audience/Audience"), "Audience"),
  page("/audience/new", () => import("@/features/audience/Builder"), "NewSegment"),
  page("/audience/people/$id", () => import("@/features/audience/Person"), "Person"),
  page("/audience/$id", () => import("@/features/audience/Builder"), "EditSegment"),
  page("/data", () => import("@/features/data/ReportPage"), "ReportPage"),
  page("/data/sources", () => import("@/features/data/Sources"), "Sources"),
  page("/data/sources/$source", () => import("@/features/data/SourcePage"), "SourcePage"),
  page("/data/events", () => import("@/features/data/Stream"), "Events"),
  page("/data/bad-rows", () => import("@/features/data/BadRows"), "BadRows"),
  page("/data/bad-rows/$id", () => import("@/features/data/BadRowGroup"), "BadRowGroup"),
  page("/data/schemas", () => import("@/features/data/Schemas"), "Schemas"),
  page("/data/schemas/new", () => import("@/features/data/SchemaEditor"), "NewSchema"),
  page("/data/schemas/$id", () => import("@/features/data/SchemaEditor"), "EditSchema"),
  page("/data/imports", () => import("@/features/imports/ImportPage"), "ImportPage"),
  page("/data/pipeline", () => import("@/features/data/Pipeline"), "Pipeline"),
  page("/reach", () => import("@/features/reach/Reach"), "Reach"),
  page("/operations", () => import("@/features/operations/Operations"), "Operations"),
  page("/operations/metrics", () => import("@/features/operations/Metrics"), "Metrics"),
  page("/settings", () => import("@/features/settings/Settings"), "Settings"),
];

/** Whatever else is typed: within the frame, so that the way on is there. */
const missing = createRoute({ getParentRoute: () => frame, path: "$", component: Missing });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: lazyRouteComponent(() => import("@/features/sign-in/SignIn"), "SignIn"),
});

export const router = createRouter({
  routeTree: root.addChildren([signIn, frame.addChildren([...routes, missing])]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});

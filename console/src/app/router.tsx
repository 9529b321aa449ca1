import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { speakPages } from "@/lib/i18n";
import { parseSearch, type Search, stringifySearch } from "@/lib/url";
import { Frame } from "./Frame";
import { Broken, Missing } from "./fallbacks";

const root = createRootRoute({ validateSearch: (search: Record<string, unknown>) => search as Search, notFoundComponent: Missing });
const frame = createRoute({ getParentRoute: () => root, id: "frame", component: Frame });
const page = (path: string, load: () => Promise<Record<string, unknown>>, name: string) => {
  const spoken = path === "/" ? load : async () => (await Promise.all([load(), speakPages()]))[0];
  return createRoute({ getParentRoute: () => frame, path, component: lazyRouteComponent(spoken as never, name as never) as never });
};

const routes = [
  page("/", () => import("@/features/overview/Overview"), "Overview"),
  page("/promotions", () => import("@/features/promotions/Promotions"), "Promotions"),
  page("/promotions/new", () => import("@/features/promotions/Editor"), "NewPromotion"),
  page("/promotions/batches/new", () => import("@/features/promotions/BatchEditor"), "NewBatch"),
  page("/promotions/batches/$id", () => import("@/features/promotions/BatchEditor"), "Batch"),
  page("/promotions/pages", () => import("@/features/landing-pages/LandingPages"), "LandingPages"),
  page("/promotions/pages/new", () => import("@/features/landing-pages/NewPage"), "NewPage"),
  page("/promotions/pages/$id", () => import("@/features/landing-pages/LandingPage"), "LandingPage"),
  page("/promotions/$id", () => import("@/features/promotions/Promotion"), "Promotion"),
  page("/promotions/$id/edit", () => import("@/features/promotions/Editor"), "EditPromotion"),
  page("/ads", () => import("@/features/ads/Ads"), "Ads"),
  page("/ads/new", () => import("@/features/ads/Editor"), "NewCampaign"),
  page("/ads/why", () => import("@/features/ads/WhyPage"), "WhyPage"),
  page("/ads/placements/new", () => import("@/features/ads/PlacementEditor"), "NewPlacement"),
  page("/ads/placements/$id", () => import("@/features/ads/PlacementEditor"), "Placement"),
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

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: lazyRouteComponent(() => import("@/features/sign-in/SignIn"), "SignIn"),
});

export const router = createRouter({
  routeTree: root.addChildren([signIn, frame.addChildren(routes)]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultErrorComponent: Broken,
  scrollRestoration: true,
});

import { useParams } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import { useDocument } from "@/api/documents/hooks";
import { describer } from "@/components/describe";
import { History } from "@/components/History";
import { Page } from "@/components/Page";
import { Results } from "@/components/Results";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { useParameter } from "@/lib/url";
import { BuilderPage } from "./Builder";
import { METRICS, placementOf, UNITS } from "./figures";
import "./landing-pages.css";

/** One landing page: its builder, what it brought, its history. */
export function LandingPage() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument("landing-pages", id);
  const { currency } = useCurrency();
  const [tab] = useParameter("tab", "build");
  const tabs = (["build", "results", "history"] as const).map((name) => ({ id: name, label: t(`landing.tabs.${name}`) }));
  const back = { to: "/promotions/pages", label: t("landing.pages") };
  if (tab === "build" && item.data) return <BuilderPage key={id} item={item.data} tabs={tabs} back={back} />;
  return (
    <Page title={item.data?.document.name ?? t("landing.pages")} back={back} status={item.data && <StateTag state={item.data.state} />} tabs={tabs} tab={tab}>
      <Loaded query={item}>
        {() => (
          <>
            {tab === "results" && <Results metrics={[...METRICS]} units={UNITS} of="placement" id={placementOf(id)} />}
            {tab === "history" && (
              <section className="card">
                <History kind="landing-pages" id={id} describe={describer(t, "landing.fields", currency)} />
              </section>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

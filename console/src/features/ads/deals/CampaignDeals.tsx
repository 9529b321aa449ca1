import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import { Empty, Loaded } from "@/components/states";

/** The deals that show a booked campaign. */
export function CampaignDeals({ id }: { id: string }) {
  const { t } = useTranslation();
  const deals = useAllDocuments("deals");
  return (
    <section className="card stack">
      <h2>{t("ads.tabs.deals")}</h2>
      <Loaded query={deals} lines={2}>
        {(all) => {
          const own = all.filter(({ document }) => document.campaign === id);
          if (own.length === 0) return <Empty action={<Go to="/ads/deals/new">{t("deals.create")}</Go>}>{t("deals.noneHere")}</Empty>;
          return own.map((deal) => (
            <p key={deal.id} className="row">
              <Go to={`/ads/deals/${deal.id}`}>{deal.document.name}</Go> <StateTag state={deal.state} />
            </p>
          ));
        }}
      </Loaded>
    </section>
  );
}

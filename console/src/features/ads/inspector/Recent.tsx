import { Input } from "antd";
import { useTranslation } from "react-i18next";
import { useNames } from "@/api/documents/all";
import { listEvents } from "@/api/events-list";
import { usePages } from "@/api/pages-hook";
import type { StoredEvent } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Go } from "@/components/Go";
import { Empty, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { DASH, money } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { useTyped } from "@/lib/useTyped";

const PAGE_SIZE = 100;

/** What the record of a decision holds, as far as the list shows it. */
interface Served {
  decision_id?: string;
  placement_id?: string;
  campaign_id?: string;
  click_price_minor?: number;
  currency?: string;
}

const servedOf = (event: StoredEvent) => event.properties as Served;
const personOf = (event: StoredEvent) => event.user_id ?? event.anonymous_id ?? "";

/** The newest decisions, by placement, campaign and person. */
export function Recent() {
  const { t } = useTranslation();
  const [placement, setPlacement] = useParameter("placement", "");
  const [campaign, setCampaign] = useParameter("campaign", "");
  const [person] = useParameter("person", "");
  const columns = useColumns();
  const list = usePages(["events", "decisions"], (cursor) => listEvents({ event: "Ad Served", limit: PAGE_SIZE, ...cursor }));
  const fits = (event: StoredEvent) => {
    const served = servedOf(event);
    return (!placement || served.placement_id === placement) && (!campaign || served.campaign_id === campaign) && (!person || personOf(event).includes(person));
  };
  return (
    <Loaded query={list} lines={8}>
      {(events) => (
        <Table
          name="decisions"
          caption={t("inspector.recent")}
          columns={columns}
          rows={events.filter(fits)}
          rowKey={(event) => event.message_id}
          more={list.more}
          empty={<Empty>{t(events.length ? "table.noMatch" : "inspector.none")}</Empty>}
          tools={
            <>
              <Named kind="placements" label={t("inspector.placement")} all={t("inspector.everyPlacement")} value={placement} onChange={setPlacement} />
              <Named kind="campaigns" label={t("inspector.winner")} all={t("inspector.everyCampaign")} value={campaign} onChange={setCampaign} />
              <Person />
            </>
          }
        />
      )}
    </Loaded>
  );
}

function Named({ kind, label, all, value, onChange }: { kind: "placements" | "campaigns"; label: string; all: string; value: string; onChange: (value: string) => void }) {
  const names = useNames(kind);
  const known = [...names].map(([id, name]) => ({ value: id, label: name }));
  return <Choice label={label} value={value} onChange={onChange} options={[{ value: "", label: all }, ...known, ...(value && !names.has(value) ? [{ value, label: value }] : [])]} />;
}

function Person() {
  const { t } = useTranslation();
  const { text, type } = useTyped("person");
  return <Input.Search size="small" allowClear style={{ width: 180 }} aria-label={t("inspector.person")} placeholder={t("inspector.person")} value={text} onChange={(event) => type(event.target.value)} />;
}

function useColumns(): Column<StoredEvent>[] {
  const { t } = useTranslation();
  const places = useNames("placements");
  const campaigns = useNames("campaigns");
  const place = (event: StoredEvent) => places.get(servedOf(event).placement_id ?? "") ?? servedOf(event).placement_id ?? DASH;
  const winner = (event: StoredEvent) => campaigns.get(servedOf(event).campaign_id ?? "") ?? servedOf(event).campaign_id ?? DASH;
  return [
    {
      id: "at",
      title: t("inspector.at"),
      value: (event) => event.timestamp,
      cell: (event) => (
        <Go to="/ads/why" extra={{ decision: servedOf(event).decision_id ?? event.message_id }}>
          {instantText(parseInstant(event.timestamp) ?? 0)}
        </Go>
      ),
    },
    { id: "placement", title: t("inspector.placement"), value: place, cell: place },
    { id: "winner", title: t("inspector.winner"), value: winner, cell: winner },
    { id: "person", title: t("inspector.person"), value: personOf, cell: (event) => personOf(event) || DASH },
    { id: "price", title: t("inspector.price"), help: t("inspector.priceHelp"), numeric: true, value: (event) => servedOf(event).click_price_minor ?? null, cell: (event) => money(servedOf(event).click_price_minor, servedOf(event).currency ?? "CNY") },
  ];
}

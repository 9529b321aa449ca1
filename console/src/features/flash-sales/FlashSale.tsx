import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { getCockpit } from "@/api/cockpit-get";
import { useDocument } from "@/api/documents/hooks";
import { useMayWrite } from "@/api/session-hook";
import type { Cockpit } from "@/api/types";
import { describer } from "@/components/describe";
import { History } from "@/components/History";
import { Page } from "@/components/Page";
import { StateTag } from "@/components/StateTag";
import { Loaded } from "@/components/states";
import { useParameter } from "@/lib/url";
import { CockpitView } from "./CockpitView";
import type { SaleItem } from "./document";
import { EditFlashSale } from "./Editor";
import { useSaleMoves, verbOf } from "./moves";

const QUICK_MS = 1_000;
const CALM_MS = 5_000;
const SECONDS = 300;
const BUSY = ["running", "warming_up"];

/** One flash sale: its cockpit, its rule, its history. */
export function FlashSale() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument("flash-sales", id);
  const [tab] = useParameter("tab", "cockpit");
  const cockpit = useCockpit(id, tab === "cockpit");
  const tabs = ["cockpit", "rule", "history"].map((name) => ({ id: name, label: name === "cockpit" ? t("flash.cockpit") : t(`tabs.${name}`) }));
  return (
    <Page
      title={item.data?.document.name ?? t("flash.sales")}
      back={{ to: "/promotions/flash-sales", label: t("flash.sales") }}
      status={item.data && <StateTag state={item.data.state} />}
      action={item.data && <Moves item={item.data} {...(cockpit.data ? { cockpit: cockpit.data } : {})} />}
      tabs={tabs}
    >
      <Loaded query={item}>
        {(loaded) => (
          <>
            {tab === "cockpit" && <Loaded query={cockpit}>{(seen) => <CockpitView id={id} cockpit={seen} />}</Loaded>}
            {tab === "rule" && <EditFlashSale key={loaded.revision} item={loaded} />}
            {tab === "history" && (
              <section className="card">
                <History kind="flash-sales" id={id} describe={describer(t, "flash.fields", loaded.document.currency ?? "CNY")} />
              </section>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** The cockpit of the session in the address: every second while it sells, calmer otherwise. */
function useCockpit(id: string, enabled: boolean) {
  const [session] = useParameter("session", "");
  return useQuery({
    queryKey: ["flash-sales", "cockpit", id, session],
    queryFn: ({ signal }) => getCockpit(id, { session, seconds: SECONDS }, signal),
    enabled,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (BUSY.includes(state.data?.state.phase ?? "") ? QUICK_MS : CALM_MS),
  });
}

/** What can be done with a sale; each says first what it touches. */
function Moves({ item, cockpit }: { item: SaleItem; cockpit?: Cockpit }) {
  const { t } = useTranslation();
  const { move } = useSaleMoves();
  if (!useMayWrite() || item.state === "archived") return null;
  const next = item.state === "live" ? "pause" : "publish";
  return (
    <>
      <Button danger type="text" onClick={() => move(item, "archive", cockpit)}>
        {t("flash.verbs.archive")}
      </Button>
      <Button type={next === "publish" ? "primary" : "default"} danger={next === "pause"} onClick={() => move(item, next, cockpit)}>
        {t(`flash.verbs.${verbOf(item, next)}`)}
      </Button>
    </>
  );
}

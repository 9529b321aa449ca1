import { useTranslation } from "react-i18next";
import type { Cockpit } from "@/api/types";
import { Choice } from "@/components/Choice";
import { count, money } from "@/lib/numbers";
import { clockText, parseInstant } from "@/lib/time";
import { useParameter } from "@/lib/url";
import { Books } from "./Books";
import { stockOf } from "./document";
import { FlowCard } from "./FlowCard";
import { ItemsTable } from "./ItemsTable";
import { Refusals } from "./Refusals";
import { SpeedChart } from "./SpeedChart";
import { StockBar } from "./StockBar";
import { useTick } from "./useTick";
import { sessionText, spanText } from "./words";
import "./flash-sales.css";

/** All that is watched while a sale sells, drawn from one answer. */
export function CockpitView({ id, cockpit }: { id: string; cockpit: Cockpit }) {
  const { state } = cockpit;
  return (
    <div className="stack">
      <Head cockpit={cockpit} />
      <div className="cockpit">
        <StockCard cockpit={cockpit} />
        <QueueCard queue={state.queue} />
        <SpeedCard cockpit={cockpit} />
        <div className="wide">
          <SpeedChart cockpit={cockpit} />
        </div>
        <Refusals cockpit={cockpit} />
        <FlowCard cockpit={cockpit} />
        <Books id={id} session={state.session.id} selling={state.phase === "running"} sold={stockOf(state)} />
        <div className="wide">
          <ItemsTable state={state} />
        </div>
      </div>
    </div>
  );
}

/** Which session, in what phase, and how long until the next turn by the server's clock. */
function Head({ cockpit }: { cockpit: Cockpit }) {
  const { t } = useTranslation();
  const { state, sessions, document_state } = cockpit;
  const [, choose] = useParameter("session", "");
  const nowMs = useTick(parseInstant(state.now) ?? 0);
  const [starts, ends] = [parseInstant(state.session.starts_at) ?? 0, parseInstant(state.session.ends_at) ?? 0];
  const turn = nowMs < starts ? t("flash.startsIn", { span: spanText(starts - nowMs) }) : nowMs < ends ? t("flash.endsIn", { span: spanText(ends - nowMs) }) : t("flash.endedAt", { time: sessionText(state.session) });
  return (
    <div className="cockpit-head">
      <Choice label={t("flash.session")} value={state.session.id} onChange={choose} options={sessions.map((session) => ({ value: session.id, label: sessionText(session) }))} />
      <strong>{document_state === "draft" || document_state === "archived" ? t(`states.${document_state}`) : t(`flash.phases.${state.phase}`)}</strong>
      <span className="clock">{turn}</span>
      <span className="note">{t("figures.asOf", { time: clockText(parseInstant(state.now) ?? 0) })}</span>
    </div>
  );
}

function StockCard({ cockpit: { state } }: { cockpit: Cockpit }) {
  const { t } = useTranslation();
  const stock = stockOf(state);
  return (
    <section className="card third">
      <h2>{t("flash.stockIs", { stock: count(stock.stock) })}</h2>
      <StockBar stock={stock} />
      <dl className="stock-words">
        {(["sold", "reserved", "left"] as const).map((part) => (
          <div key={part}>
            <dt className={part}>{t(`flash.parts.${part}`)}</dt>
            <dd data-testid={`stock-${part}`}>{count(stock[part])}</dd>
          </div>
        ))}
      </dl>
      <p className="note">{t("flash.takenSoFar", { taken: money(stock.taken, state.currency) })}</p>
    </section>
  );
}

function QueueCard({ queue }: { queue: Cockpit["state"]["queue"] }) {
  const { t } = useTranslation();
  if (!queue) {
    return (
      <section className="card third">
        <h2>{t("flash.queue")}</h2>
        <p className="note">{t("flash.noQueue")}</p>
      </section>
    );
  }
  const admitted = Math.min(queue.drawn, queue.now_serving);
  const facts = [
    ["drawn", t("flash.numberOf", { number: count(queue.drawn) })],
    ["admitted", t("flash.numberOf", { number: count(admitted) })],
    ["rate", t("flash.perSecond", { count: count(queue.admissions_per_s) })],
    ["wait", spanText((queue.waiting / queue.admissions_per_s) * 1000)],
  ];
  return (
    <section className="card third">
      <h2>{t("flash.queue")}</h2>
      <p>
        <span className="big">{count(queue.waiting)}</span> {t("flash.waiting")}
      </p>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`flash.queueFacts.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Pieces a second over the last ten seconds that are told. */
function SpeedCard({ cockpit: { by_second, state } }: { cockpit: Cockpit }) {
  const { t } = useTranslation();
  const rate = (values: number[]) => values.slice(-10).reduce((sum, value) => sum + value, 0) / 10;
  const left = stockOf(state).left;
  const reserved = rate(by_second.reserved);
  return (
    <section className="card third">
      <h2>{t("flash.speed")}</h2>
      <p>
        <span className="big">{count(rate(by_second.sold))}</span> {t("flash.soldPerSecond")}
      </p>
      <dl className="facts">
        <div>
          <dt>{t("flash.reservedPerSecond")}</dt>
          <dd>{count(reserved)}</dd>
        </div>
        <div>
          <dt>{t("flash.refusedPerSecond")}</dt>
          <dd>{count(rate(by_second.refused))}</dd>
        </div>
        <div>
          <dt>{t("flash.soldOutIn")}</dt>
          <dd>{left === 0 && state.items.length > 0 ? t("flash.soldOut") : reserved > 0 ? spanText((left / reserved) * 1000) : "—"}</dd>
        </div>
      </dl>
    </section>
  );
}

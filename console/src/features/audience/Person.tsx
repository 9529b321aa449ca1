import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNames } from "@/api/documents/all";
import { getProfile } from "@/api/profile-get";
import type { Profile } from "@/api/types";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";
import { Empty, Loaded } from "@/components/states";
import { Watermark } from "@/components/Watermark";
import { count, DASH, money, percent } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";
import "./audience.css";

/** One shopper from all sides, with what they did in order. */
export function Person() {
  const { t } = useTranslation();
  const { id } = useParams({ strict: false }) as { id: string };
  const profile = useQuery({ queryKey: ["profile", id], queryFn: () => getProfile(id), refetchInterval: 10_000 });
  return (
    <Page title={id} back={{ to: "/audience", label: t("stages.audience") }} status={profile.data && <Watermark at={profile.data.as_of} />}>
      <Loaded query={profile}>
        {(person) => (
          <>
            <Facts person={person} />
            <div className="two">
              <Timeline person={person} />
              <div className="stack">
                <Lately lately={person.lately} />
                <Demographics person={person} />
                <Interests person={person} />
                <Segments ids={person.segments} />
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Facts({ person }: { person: Profile }) {
  const { t } = useTranslation();
  const facts: [string, string][] = [
    ["recency_days", person.recency_days === null ? DASH : t("audience.days", { count: person.recency_days })],
    ["visits", count(person.visits)],
    ["orders", count(person.orders)],
    ["spent_minor", person.currency ? money(person.spent_minor, person.currency) : DASH],
  ];
  return (
    <section className="card">
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`segmentFields.${name}`)}</dt>
            <dd className="big">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const SHOWN_FIRST = 30;
const BUYING = /Order|Added|Coupon Applied/;

function Timeline({ person }: { person: Profile }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(SHOWN_FIRST);
  if (person.timeline.length === 0) return <Empty>{t("audience.noEvents")}</Empty>;
  return (
    <section className="card">
      <h2>{t("audience.timeline")}</h2>
      <ol className="timeline">
        {person.timeline.slice(0, shown).map((moment, at) => {
          const name = moment.event || moment.type || "";
          const detail = [moment.sku, moment.category, moment.order_id, moment.channel].filter((one) => typeof one === "string" && one);
          const value = typeof moment.value_minor === "number" && moment.value_minor ? money(moment.value_minor, String(moment.currency || person.currency || "CNY")) : "";
          return (
            <li key={`${at}-${moment.timestamp}`} className={BUYING.test(name) ? "buying" : undefined}>
              <time className="note">{instantText(parseInstant(moment.timestamp) ?? 0)}</time>
              <i aria-hidden="true" />
              <span>
                {t(`events.${name}`, { defaultValue: name })} <span className="note">{detail.join(" · ")}</span> {value}
              </span>
            </li>
          );
        })}
      </ol>
      {person.timeline.length > shown && (
        <Button size="small" onClick={() => setShown(person.timeline.length)}>
          {t("audience.earlier", { count: person.timeline.length - shown })}
        </Button>
      )}
    </section>
  );
}

const GOODS_SHOWN = 5;

/** What recommendations know of the person just now. */
function Lately({ lately }: { lately: Profile["lately"] }) {
  const { t } = useTranslation();
  const goods = ["viewed", "carted", "bought"] as const;
  return (
    <section className="card">
      <h2>{t("audience.lately.title")}</h2>
      {lately.known !== "known" ? (
        <p className="note">{t(`audience.lately.${lately.known}`)}</p>
      ) : (
        <>
          <p className="note">{t("audience.lately.today", { views: lately.views, carts: lately.carts, orders: lately.orders })}</p>
          <dl className="facts">
            {goods.map((name) => (
              <div key={name}>
                <dt>{t(`audience.lately.${name}`)}</dt>
                <dd>{lately[name].length === 0 ? DASH : lately[name].slice(0, GOODS_SHOWN).map((one) => one.sku).join(" · ")}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}

function Demographics({ person }: { person: Profile }) {
  const { t } = useTranslation();
  const facts = Object.entries(person.demographics);
  return (
    <section className="card">
      <h2>{t("audience.demographics")}</h2>
      {facts.length === 0 ? (
        <p className="note">{t("audience.unknown")}</p>
      ) : (
        <dl className="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{t(`segmentFields.${name}`, { defaultValue: name })}</dt>
              <dd>{String(value)}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function Interests({ person }: { person: Profile }) {
  const { t } = useTranslation();
  return (
    <section className="card">
      <h2>{t("audience.interests")}</h2>
      {person.category_interest.length === 0 && <p className="note">{t("audience.unknown")}</p>}
      {person.category_interest.map((one) => (
        <div className="interest" key={one.category}>
          <span>{one.category}</span>
          <span className="bar">
            <i style={{ width: `${one.share * 100}%` }} />
          </span>
          <span className="num">{percent(one.share)}</span>
        </div>
      ))}
    </section>
  );
}

function Segments({ ids }: { ids: string[] }) {
  const { t } = useTranslation();
  const names = useNames("segments");
  return (
    <section className="card">
      <h2>{t("audience.tabs.segments")}</h2>
      {ids.length === 0 && <p className="note">{t("audience.inNone")}</p>}
      <div className="row">
        {ids.map((id) => (
          <Go key={id} to={`/audience/${id}`} className="tag">
            {names.get(id) ?? id}
          </Go>
        ))}
      </div>
    </section>
  );
}

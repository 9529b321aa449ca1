import { useTranslation } from "react-i18next";
import type { FlashSaleDocument } from "@/api/types";
import { count, money } from "@/lib/numbers";
import { sessionText } from "./words";

const SHOWN = 6;

/** What the sale comes to: pieces, what they bring when all are sold, and its sessions. */
export function Offer({ document }: { document: FlashSaleDocument }) {
  const { t } = useTranslation();
  const { items, sessions, daily, currency, queue } = document;
  const pieces = items.reduce((sum, item) => sum + item.stock, 0);
  const worth = items.reduce((sum, item) => sum + item.stock * item.price_minor, 0);
  return (
    <aside className="card beside stack" aria-label={t("flash.offer")}>
      <h2>{t("flash.offer")}</h2>
      <p>{t("flash.offerWords", { goods: count(items.length), pieces: count(pieces), worth: money(worth, currency) })}</p>
      <div>
        <h3>{t("flash.times")}</h3>
        <ul className="plain">
          {sessions.slice(0, SHOWN).map((session, at) => (
            <li key={at}>{sessionText(session)}</li>
          ))}
          {sessions.length > SHOWN && <li className="note">{t("flash.moreSessions", { count: sessions.length - SHOWN })}</li>}
          {daily && <li>{t("flash.dailyWords", { from: daily.first_day, to: daily.last_day, hours: daily.hours.map((one) => `${one.starts}–${one.ends}`).join(", ") })}</li>}
        </ul>
      </div>
      {queue && <p className="note">{t("flash.queueWords", { rate: count(queue.admissions_per_s), pieces: count(pieces), seconds: count(Math.ceil(pieces / queue.admissions_per_s)) })}</p>}
    </aside>
  );
}

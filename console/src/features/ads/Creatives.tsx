import { useTranslation } from "react-i18next";
import type { Creative } from "@/api/types";
import "./ads.css";

/** Creatives as shoppers see them. */
export function Creatives({ creatives }: { creatives: Creative[] }) {
  const { t } = useTranslation();
  return (
    <aside className="card" aria-label={t("ads.creatives")}>
      <h2>{t("ads.creatives")}</h2>
      <div className="stack">
        {creatives.map((creative) => (
          <div className="creative" key={creative.id}>
            {creative.image_url && <img src={creative.image_url} alt="" loading="lazy" referrerPolicy="no-referrer" />}
            <strong>{creative.title || t("ads.untitled")}</strong>
            <span className="note">{creative.landing_url}</span>
            <span className="tag plain">{t("ads.mark")}</span>
          </div>
        ))}
      </div>
    </aside>
  );
}

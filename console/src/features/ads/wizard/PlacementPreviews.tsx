import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import type { CampaignDocument, Creative } from "@/api/types";
import { Choice } from "@/components/Choice";

const SHOWN_MAX = 6;

/** A creative as each chosen placement shows it. */
export function PlacementPreviews({ value }: { value: CampaignDocument }) {
  const { t } = useTranslation();
  const placements = useAllDocuments("placements");
  const [chosen, setChosen] = useState(0);
  const creative = value.creatives[Math.min(chosen, value.creatives.length - 1)];
  const places = (placements.data ?? []).filter((item) => value.placements.includes(item.id));
  return (
    <aside className="card stack" aria-label={t("wizard.preview")}>
      <h2>{t("wizard.preview")}</h2>
      {value.creatives.length > 1 && <Choice label={t("wizard.which")} value={String(chosen)} onChange={(at) => setChosen(Number(at))} options={value.creatives.map((one, at) => ({ value: String(at), label: one.title || t("ads.creative", { number: at + 1 }) }))} />}
      {places.length === 0 && <p className="note">{t("wizard.noPlaces")}</p>}
      {creative && places.slice(0, SHOWN_MAX).map((item) => <Shown key={item.id} place={item.document.name} creative={creative} />)}
      {places.length > SHOWN_MAX && <p className="note">{t("wizard.morePlaces", { count: places.length - SHOWN_MAX })}</p>}
    </aside>
  );
}

function Shown({ place, creative }: { place: string; creative: Creative }) {
  const { t } = useTranslation();
  return (
    <figure className="ad-preview">
      <figcaption className="note">{place}</figcaption>
      <div className="ad-shown">
        {creative.image_url && <img src={creative.image_url} alt="" loading="lazy" referrerPolicy="no-referrer" />}
        <div className="ad-words">
          <strong>{creative.title || t("ads.untitled")}</strong>
          <span className="note cut-line">{creative.landing_url}</span>
        </div>
        <span className="tag plain">{t("ads.mark")}</span>
      </div>
    </figure>
  );
}

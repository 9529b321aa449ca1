import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useAllDocuments } from "@/api/documents/all";
import { useSave } from "@/api/documents/hooks";
import { asApiError } from "@/api/problem";
import { useMayWrite } from "@/api/session-hook";
import type { LandingPageDocument } from "@/api/types";
import { Page } from "@/components/Page";
import { ReadOnly } from "@/components/ReadOnly";
import { Failure } from "@/components/states";
import { useGo } from "@/lib/url";
import { blankPage, newPage, TEMPLATES } from "./blocks";
import { useKnown } from "./known";
import "./landing-pages.css";

/** Templates to start from: a tap makes a draft that could be published as it is. */
export function NewPage() {
  const { t } = useTranslation();
  const go = useGo();
  const saving = useSave("landing-pages");
  const known = useKnown();
  const pages = useAllDocuments("landing-pages");
  const [failure, setFailure] = useState<unknown>(null);
  const make = async (document: LandingPageDocument) => {
    try {
      const made = await saving.mutateAsync({ document });
      go(`/promotions/pages/${made.id}`);
    } catch (error) {
      setFailure(asApiError(error));
    }
  };
  const busy = !useMayWrite() || saving.isPending || !known.isReady || pages.isPending;
  return (
    <Page title={t("landing.create")} back={{ to: "/promotions/pages", label: t("landing.pages") }}>
      <ReadOnly />
      {failure !== null && <Failure error={failure} retry={() => setFailure(null)} />}
      <section className="card">
        <h2>{t("landing.chooseTemplate")}</h2>
        <div className="cards page-templates">
          {TEMPLATES.map((id) => (
            <button key={id} type="button" className="pick-card" disabled={busy} onClick={() => void make(newPage(id, known))}>
              <Picture template={id} />
              <strong>{t(`landing.templates.${id}.name`)}</strong>
              <span className="note">{t(`landing.templates.${id}.about`)}</span>
            </button>
          ))}
          <button type="button" className="pick-card" disabled={busy} onClick={() => void make(blankPage(known))}>
            <Picture template="blank" />
            <strong>{t("landing.templates.blank.name")}</strong>
            <span className="note">{t("landing.templates.blank.about")}</span>
          </button>
        </div>
      </section>
    </Page>
  );
}

/** Where the parts of each template lie: rows of [height, how many beside one another]. */
const ROWS: Record<string, [number, number][]> = {
  sale: [[22, 1], [6, 1], [10, 1], [20, 2], [20, 2]],
  newcomer: [[20, 1], [14, 1], [20, 2], [12, 1]],
  single: [[16, 1], [8, 1], [40, 1], [8, 1]],
  brand: [[30, 1], [10, 1], [20, 3], [8, 1]],
  blank: [[30, 1]],
};

function Picture({ template }: { template: string }) {
  let top = 4;
  const parts = (ROWS[template] ?? []).flatMap(([height, beside], row) => {
    const width = (62 - (beside - 1) * 3) / beside;
    const drawn = Array.from({ length: beside }, (_, place) => (
      <rect key={`${row}-${place}`} x={5 + place * (width + 3)} y={top} width={width} height={height} rx="2" opacity={row === 0 ? 1 : 0.35} fill="currentColor" />
    ));
    top += height + 3;
    return drawn;
  });
  return (
    <svg className="page-picture" viewBox="0 0 72 100" aria-hidden="true">
      <rect x="1" y="1" width="70" height="98" rx="6" fill="none" stroke="var(--q-line-strong)" />
      {parts}
    </svg>
  );
}

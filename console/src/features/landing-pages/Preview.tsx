import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { renderLandingPage } from "@/api/landing-render";
import { type ApiError, asApiError } from "@/api/problem";
import type { LandingPageDocument } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Waiting } from "@/components/states";
import { preferences } from "@/lib/preferences";
import { useSettled } from "@/lib/useSettled";

interface Props {
  id: string;
  page: LandingPageDocument;
  selected: string;
  onSelect: (block: string) => void;
  onProblem: (problem: ApiError | null) => void;
}

/** The page as the server draws it, as large as a phone. A tap on a block selects it. */
export function Preview({ id, page, selected, onSelect, onProblem }: Props) {
  const { t } = useTranslation();
  const [language, setLanguage] = useState<"zh" | "en">(preferences().language);
  const [width, setWidth] = useState<"phone" | "desk">("phone");
  const [light, setLight] = useState<"light" | "dark">("light");
  const settled = useSettled(page);
  const drawn = useQuery({
    queryKey: ["landing-render", id, language, light, settled],
    queryFn: ({ signal }) => renderLandingPage(settled, { language, light }, id, signal),
    placeholderData: keepPreviousData,
    retry: false,
    staleTime: 30_000,
  });
  useEffect(() => onProblem(drawn.error ? asApiError(drawn.error) : null), [drawn.error, onProblem]);
  const frame = useRef<HTMLIFrameElement>(null);
  const show = () => frame.current?.contentWindow?.postMessage({ show: selected }, "*");
  useEffect(show, [selected]);
  useEffect(() => {
    const told = ({ source, data }: MessageEvent<{ block?: unknown }>) => {
      if (source === frame.current?.contentWindow && typeof data.block === "string") onSelect(data.block);
    };
    window.addEventListener("message", told);
    return () => window.removeEventListener("message", told);
  }, [onSelect]);
  return (
    <section className="page-preview" aria-label={t("landing.preview")}>
      <div className="row">
        <Choice label={t("landing.width")} value={width} onChange={setWidth} options={(["phone", "desk"] as const).map((value) => ({ value, label: t(`landing.widths.${value}`) }))} />
        <Choice label={t("landing.language")} value={language} onChange={setLanguage} options={(["zh", "en"] as const).map((value) => ({ value, label: t(`landing.languages.${value}`) }))} />
        <Choice label={t("landing.light")} value={light} onChange={setLight} options={(["light", "dark"] as const).map((value) => ({ value, label: t(`landing.lights.${value}`) }))} />
      </div>
      {drawn.error && <p className="notice warn">{t("landing.lastGood")}</p>}
      {drawn.data === undefined ? (
        !drawn.error && <Waiting lines={8} />
      ) : (
        // Scripts of ours run in it, so that countdowns run; it has no origin and reaches nothing of the console.
        <iframe ref={frame} className={width} title={t("landing.preview")} sandbox="allow-scripts" srcDoc={drawn.data} onLoad={show} aria-busy={drawn.isFetching} />
      )}
    </section>
  );
}

import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import type { PointsProgramme, PointsProgrammeDocument } from "@/api/types";
import { DocumentEditor } from "@/components/DocumentEditor";
import { StoredDocument } from "@/components/StoredDocument";
import { Waiting } from "@/components/states";
import { PointsFigures } from "./PointsFigures";
import { newProgramme } from "./programme";
import { ProgrammeCourse } from "./ProgrammeCourse";
import { ProgrammeForm } from "./ProgrammeForm";
import "./promotions.css";

export function NewProgramme() {
  const { t } = useTranslation();
  const { currency, known } = useCurrency();
  return known ? <Editor start={newProgramme(currency, { zh: t("programme.names.points.zh"), en: t("programme.names.points.en") })} /> : <Waiting />;
}

/** One programme: its figures, its rules beside what they come to, its history. */
export function Programme() {
  return (
    <StoredDocument kind="points-programmes" back={useBack()}>
      {(item) => <Editor key={item.revision} item={item} start={item.document} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/promotions", extra: { tab: "points" }, label: t("promotion.tabs.points") };
}

function Editor({ item, start }: { item?: PointsProgramme; start: PointsProgrammeDocument }) {
  return (
    <DocumentEditor<"points-programmes">
      kind="points-programmes"
      item={item}
      start={start}
      base="/promotions/points"
      words="programme"
      back={useBack()}
      currency={start.worth.currency}
      counts={start.tier_by === "points" ? /tiers/ : /never/}
      tabs={[{ id: "overview", shown: (loaded) => <PointsFigures programme={loaded} /> }]}
      form={(part) => <ProgrammeForm {...part} stored={item !== undefined && item.state !== "draft"} />}
      beside={(value) => <ProgrammeCourse document={value} />}
    />
  );
}

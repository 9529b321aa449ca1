import { useTranslation } from "react-i18next";
import { useCurrency } from "@/api/currency-hook";
import type { ReferralProgramme as Item, ReferralProgrammeDocument } from "@/api/types";
import { DocumentEditor } from "@/components/DocumentEditor";
import { StoredDocument } from "@/components/StoredDocument";
import { Figures } from "./Figures";
import { ProgrammeForm } from "./ProgrammeForm";
import { Story } from "./Story";
import { newProgramme } from "./words";

export function NewReferralProgramme() {
  return <Editor start={newProgramme()} />;
}

/** One programme: its newcomers, its rule told as a story, its history. */
export function ReferralProgramme() {
  return (
    <StoredDocument kind="referral-programmes" back={useBack()}>
      {(item) => <Editor key={item.revision} item={item} start={item.document} />}
    </StoredDocument>
  );
}

function useBack() {
  const { t } = useTranslation();
  return { to: "/promotions/referrals", label: t("referrals.tab") };
}

function Editor({ item, start }: { item?: Item; start: ReferralProgrammeDocument }) {
  const { currency } = useCurrency();
  return (
    <DocumentEditor<"referral-programmes">
      kind="referral-programmes"
      item={item}
      start={start}
      base="/promotions/referrals"
      words="referrals"
      back={useBack()}
      currency={currency}
      tabs={[{ id: "overview", shown: (loaded) => <Figures id={loaded.id} currency={currency} /> }]}
      form={(part) => <ProgrammeForm {...part} currency={currency} />}
      beside={(value) => <Story document={value} currency={currency} />}
    />
  );
}

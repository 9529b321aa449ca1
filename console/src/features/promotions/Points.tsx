import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useProgramme } from "@/api/programme-hook";
import type { PointsProgramme } from "@/api/types";
import { Go } from "@/components/Go";
import { StateTag } from "@/components/StateTag";
import { Empty, Loaded } from "@/components/states";
import { PointsFigures } from "./PointsFigures";
import { Programmes } from "./Programmes";

/** Points and store credit: the programmes that count now with their figures, and all programmes. */
export function Points({ create }: { create: ReactNode }) {
  const { t } = useTranslation();
  const points = useProgramme();
  const credit = useProgramme("money");
  if (points.data === null && credit.data === null) return <Empty action={create}>{t("points.none")}</Empty>;
  return (
    <div className="stack">
      <Loaded query={points}>{(found) => found && <Shown programme={found} />}</Loaded>
      {credit.data && <Shown programme={credit.data} />}
      <Programmes create={create} />
    </div>
  );
}

function Shown({ programme }: { programme: PointsProgramme }) {
  return (
    <section className="stack" aria-label={programme.document.name}>
      <h2 className="row">
        <Go to={`/promotions/points/${programme.id}`}>{programme.document.name}</Go> <StateTag state={programme.state} />
      </h2>
      <PointsFigures programme={programme} />
    </section>
  );
}

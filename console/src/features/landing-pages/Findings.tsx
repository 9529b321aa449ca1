import { useTranslation } from "react-i18next";
import type { Finding, LandingPageDocument } from "@/api/types";

/** What was found before publishing: what keeps the page from going live, and what to know. */
export function Findings({ found, page }: { found: Finding[]; page: LandingPageDocument }) {
  const { t } = useTranslation();
  const where = (path: string) => {
    const at = /^blocks\[(\d+)\]/.exec(path)?.[1];
    const block = at === undefined ? undefined : page.blocks[Number(at)];
    return block ? `${t("landing.blockNumber", { number: Number(at) + 1 })} ${t(`landing.blocks.${block.type}`)}` : t("landing.settings");
  };
  if (found.length === 0) return null;
  const isStopped = found.some((one) => one.level === "error");
  return (
    <div className={isStopped ? "failure" : "notice warn"} role={isStopped ? "alert" : undefined}>
      <ul className="plain">
        {found.map((one) => (
          <li key={one.path + one.message}>
            <strong>{where(one.path)}</strong> {one.message}
          </li>
        ))}
      </ul>
    </div>
  );
}

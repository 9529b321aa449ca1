import { useTranslation } from "react-i18next";
import { type ReactNode, useEffect, useRef } from "react";
import { type Search, useAddress, useParameter } from "@/lib/url";
import { Go } from "./Go";

interface Tab {
  id: string;
  label: string;
  to?: string;
  /** What that page's address holds. */
  extra?: Search;
}

interface Props {
  title: ReactNode;
  /** Plain words for the browser's tab, where the title is more than text. */
  name?: string;
  status?: ReactNode;
  back?: { to: string; label: string; extra?: Search };
  action?: ReactNode;
  /** Tabs of this page, or (with `to`) pages that stand beside one another; then `tab` is this one. */
  tabs?: Tab[];
  tab?: string;
  children: ReactNode;
}

/** A page: its title and status, one primary action, tabs that live in the address, content. */
export function Page({ title, name, status, back, action, tabs, tab, children }: Props) {
  const { t } = useTranslation();
  const words = name ?? (typeof title === "string" ? title : "");
  useEffect(() => {
    document.title = words ? `${words} · ${t("app.name")}` : t("app.name");
  }, [words, t]);
  return (
    <div className="page">
      <header className="page-head">
        <div className="page-words">
          {back && (
            <Go to={back.to} className="page-back" {...(back.extra ? { extra: back.extra } : {})}>
              ← {back.label}
            </Go>
          )}
          <h1>{title}</h1>
          {status}
        </div>
        {action && <div className="page-action">{action}</div>}
      </header>
      {tabs && <Tabs tabs={tabs} current={tab} />}
      {children}
    </div>
  );
}

function Tabs({ tabs, current }: { tabs: Tab[]; current: string | undefined }) {
  const { t } = useTranslation();
  const first = tabs[0]?.id ?? "";
  const [named] = useParameter("tab", first);
  const open = current ?? named;
  const address = useAddress();
  const row = useRef<HTMLElement>(null);
  useEffect(() => bringIntoRow(row.current), [open]);
  return (
    <nav ref={row} className="tabs" aria-label={t("frame.tabs")}>
      {tabs.map((tab) => {
        const kept = Object.fromEntries(Object.entries(address).filter(([name]) => name !== "tab"));
        const extra = tab.to || tab.id === first ? kept : { ...kept, tab: tab.id };
        return (
          <span key={tab.id} className={tab.id === open ? "tab open" : "tab"}>
            <Go to={tab.to ?? "."} {...(tab.to ? (tab.extra ? { extra: tab.extra } : {}) : { extra })} {...(tab.id === open ? { "aria-label": `${tab.label}, ${t("frame.current")}` } : {})}>
              {tab.label}
            </Go>
          </span>
        );
      })}
    </nav>
  );
}

/** On a narrow screen the open tab may lie beyond the edge of its row; the page itself must not move. */
function bringIntoRow(row: HTMLElement | null) {
  const tab = row?.querySelector<HTMLElement>(".tab.open");
  if (row && tab) row.scrollLeft = tab.offsetLeft - row.offsetLeft - (row.clientWidth - tab.offsetWidth) / 2;
}

import { useTranslation } from "react-i18next";
import { type ReactNode, useEffect } from "react";
import { type Search, useAddress, useParameter } from "@/lib/url";
import { Go } from "./Go";

interface Props {
  title: ReactNode;
  /** Plain words for the browser's tab, where the title is more than text. */
  name?: string;
  status?: ReactNode;
  back?: { to: string; label: string; extra?: Search };
  action?: ReactNode;
  tabs?: { id: string; label: string }[];
  children: ReactNode;
}

/** A page: its title and status, one primary action, tabs that live in the address, content. */
export function Page({ title, name, status, back, action, tabs, children }: Props) {
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
      {tabs && <Tabs tabs={tabs} />}
      {children}
    </div>
  );
}

function Tabs({ tabs }: { tabs: { id: string; label: string }[] }) {
  const { t } = useTranslation();
  const first = tabs[0]?.id ?? "";
  const [open] = useParameter("tab", first);
  const address = useAddress();
  return (
    <nav className="tabs" aria-label={t("frame.tabs")}>
      {tabs.map((tab) => {
        const kept = Object.fromEntries(Object.entries(address).filter(([name]) => name !== "tab"));
        const extra = tab.id === first ? kept : { ...kept, tab: tab.id };
        return (
          <span key={tab.id} className={tab.id === open ? "tab open" : "tab"}>
            <Go to="." extra={extra} {...(tab.id === open ? { "aria-label": `${tab.label}, ${t("frame.current")}` } : {})}>
              {tab.label}
            </Go>
          </span>
        );
      })}
    </nav>
  );
}

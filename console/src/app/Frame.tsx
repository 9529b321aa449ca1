import { Outlet } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSession } from "@/api/session-hook";
import { Go } from "@/components/Go";
import { Failure, Waiting } from "@/components/states";
import { asked } from "@/components/useConfirm";
import { prefer, preferences } from "@/lib/preferences";
import { type Shortcut, useShortcuts } from "@/lib/shortcuts";
import { useGo } from "@/lib/url";
import { STAGES } from "./stages";
import { TopBar } from "./TopBar";

const Confirm = lazy(() => import("@/components/Confirm"));
const HelpSheet = lazy(() => import("./HelpSheet"));
const Palette = lazy(() => import("./Palette"));

/** The rail, the top bar and whatever page is open. Only for people who are signed in. */
export function Frame() {
  const { t } = useTranslation();
  const session = useSession();
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  const question = asked.use();
  const shortcuts = useFrameShortcuts(setOpen);
  useShortcuts(shortcuts);
  if (session.data === undefined) {
    return <main className="alone">{session.error && !isSignedOut(session.error) ? <Failure error={session.error} retry={() => void session.refetch()} /> : <Waiting />}</main>;
  }
  return (
    <div className="frame">
      <a className="skip" href="#content">
        {t("frame.skip")}
      </a>
      <Rail />
      <TopBar onPalette={() => setOpen("palette")} onHelp={() => setOpen("help")} user={session.data.user} />
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <Suspense>
        {question && <Confirm question={question} />}
        {open === "palette" && <Palette onClose={() => setOpen(null)} />}
        {open === "help" && <HelpSheet onClose={() => setOpen(null)} shortcuts={shortcuts} />}
      </Suspense>
    </div>
  );
}

const isSignedOut = (error: unknown) => (error as { status?: number }).status === 401;

function Rail() {
  const { t } = useTranslation();
  return (
    <nav className="rail" aria-label={t("frame.stages")}>
      <div className="brand">
        <img src="/favicon.svg" alt="" width="24" height="24" />
        <span>{t("app.brand")}</span>
      </div>
      {STAGES.map(({ id, to, icon: Icon, pocket }) => (
        <Go key={id} to={to} exact={to === "/"} className={pocket ? "rail-link pocket" : "rail-link"}>
          <Icon />
          <span>{t(`stages.${id}`)}</span>
        </Go>
      ))}
      <More />
    </nav>
  );
}

/** On a phone the rest of the stages fold into the fifth place of the bottom bar. */
function More() {
  const { t } = useTranslation();
  return (
    <details className="more">
      <summary>
        <span aria-hidden="true">⋯</span>
        <span>{t("frame.more")}</span>
      </summary>
      <div className="more-list">
        {STAGES.filter((stage) => !stage.pocket).map(({ id, to, icon: Icon }) => (
          <Go key={id} to={to} exact={false} className="rail-link" onClick={() => document.querySelector(".more")?.removeAttribute("open")}>
            <Icon />
            <span>{t(`stages.${id}`)}</span>
          </Go>
        ))}
      </div>
    </details>
  );
}

function useFrameShortcuts(setOpen: (open: "palette" | "help" | null) => void): Shortcut[] {
  const go = useGo();
  return useMemo(
    () => [
      { keys: "mod+k", label: "keys.palette", run: () => setOpen("palette") },
      { keys: "/", label: "keys.palette", run: () => setOpen("palette") },
      { keys: "?", label: "keys.help", run: () => setOpen("help") },
      { keys: "n", label: "keys.newPromotion", run: () => go("/promotions/new") },
      { keys: "t", label: "keys.theme", run: () => prefer({ mode: preferences().mode === "dark" ? "light" : "dark" }) },
      { keys: "l", label: "keys.language", run: () => prefer({ language: preferences().language === "zh" ? "en" : "zh" }) },
      ...STAGES.map((stage) => ({ keys: `g ${stage.key}`, label: `stages.${stage.id}`, run: () => go(stage.to) })),
    ],
    [go, setOpen],
  );
}

import { GlobalOutlined, MoonOutlined, QuestionCircleOutlined, SearchOutlined, SunOutlined, UserOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { closeSession } from "@/api/session-close";
import type { User } from "@/api/types";
import { Actions, Popup } from "@/components/Popup";
import { prefer, usePreferences } from "@/lib/preferences";
import { Freshness } from "./Freshness";
import { PeriodBar } from "./PeriodBar";

interface Props {
  user: User;
  onPalette: () => void;
  onHelp: () => void;
}

/** Period and comparison, search, freshness, and the reader's own settings. */
export function TopBar({ user, onPalette, onHelp }: Props) {
  const { t } = useTranslation();
  const { mode, language } = usePreferences();
  const dark = mode === "dark";
  return (
    <header className="top">
      <PeriodBar />
      <button type="button" className="search" onClick={onPalette}>
        <SearchOutlined /> <span>{t("frame.search")}</span> <kbd>⌘K</kbd>
      </button>
      <Freshness />
      <div className="top-icons">
        <button type="button" className="icon" lang={language === "zh" ? "en" : "zh-CN"} onClick={() => prefer({ language: language === "zh" ? "en" : "zh" })}>
          <GlobalOutlined /> {t("frame.otherLanguage")}
        </button>
        <button type="button" className="icon" aria-label={t(dark ? "frame.toLight" : "frame.toDark")} title={t(dark ? "frame.toLight" : "frame.toDark")} onClick={() => prefer({ mode: dark ? "light" : "dark" })}>
          {dark ? <SunOutlined /> : <MoonOutlined />}
        </button>
        <button type="button" className="icon" aria-label={t("keys.help")} title={t("keys.help")} onClick={onHelp}>
          <QuestionCircleOutlined />
        </button>
        <Me user={user} />
      </div>
    </header>
  );
}

function Me({ user }: { user: User }) {
  const { t } = useTranslation();
  const { rise } = usePreferences();
  const queries = useQueryClient();
  const out = async () => {
    await closeSession();
    queries.clear();
    location.replace("/sign-in");
  };
  const choices = [
    ...(["language", "red", "green"] as const).map((value) => ({
      key: value,
      label: `${rise === value ? "✓ " : ""}${t(`frame.rise.${value}`)}`,
      run: () => prefer({ rise: value }),
    })),
    { key: "out", label: t("frame.signOut"), run: () => void out() },
  ];
  return (
    <Popup label={t("frame.me")} title={user.email} icon={<UserOutlined />}>
      {(close) => (
        <>
          <p className="note">
            {user.name || user.email} · {t(`roles.${user.role}`)}
          </p>
          <Actions choices={choices} close={close} />
        </>
      )}
    </Popup>
  );
}

import { useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { asApiError, type ApiError } from "@/api/problem";
import { openSession } from "@/api/session-open";
import { problemTitle, Waiting } from "@/components/states";
import { prefer, usePreferences } from "@/lib/preferences";
import { useAddress } from "@/lib/url";
import "./sign-in.css";

/** Sign in with e-mail and password, or by the one-time link `/sign-in?token=…`. */
export function SignIn() {
  const { t } = useTranslation();
  const { language } = usePreferences();
  const { busy, problem, enter } = useEntry();
  useEffect(() => {
    document.title = `${t("signIn.title")} · ${t("app.name")}`;
  }, [t]);
  return (
    <main className="sign-in">
      <section className="card">
        <div className="brand">
          <img src="/favicon.svg" alt="" width="32" height="32" />
          <h1>{t("app.name")}</h1>
          <button type="button" className="icon" lang={language === "zh" ? "en" : "zh-CN"} onClick={() => prefer({ language: language === "zh" ? "en" : "zh" })}>
            {t("frame.otherLanguage")}
          </button>
        </div>
        <p className="note">{t("app.purpose")}</p>
        {busy ? <Waiting lines={3} /> : <PasswordForm enter={enter} />}
        {problem && (
          <p className="sign-in-problem" role="alert">
            {problemTitle(problem, t)} {problem.detail}
          </p>
        )}
        <p className="note">{t("signIn.noPassword")}</p>
      </section>
    </main>
  );
}

function PasswordForm({ enter }: { enter: (proof: { email: string; password: string }) => void }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    enter({ email, password });
  };
  return (
    <form onSubmit={submit}>
      <label htmlFor="email">{t("signIn.email")}</label>
      <Input id="email" type="email" autoComplete="username" required value={email} onChange={(event) => setEmail(event.target.value)} />
      <label htmlFor="password">{t("signIn.password")}</label>
      <Input.Password id="password" autoComplete="current-password" required visibilityToggle={false} value={password} onChange={(event) => setPassword(event.target.value)} />
      <Button type="primary" htmlType="submit" block>
        {t("signIn.enter")}
      </Button>
    </form>
  );
}

/** Only addresses of this console, so that a link cannot send a person elsewhere. */
export function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith("/sign-in") ? next : "/";
}

function useEntry() {
  const { token, next } = useAddress();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(Boolean(token));
  const [problem, setProblem] = useState<ApiError | null>(null);
  const tried = useRef(false);
  const enter = async (proof: Parameters<typeof openSession>[0]) => {
    setBusy(true);
    setProblem(null);
    try {
      await openSession(proof);
      queries.clear();
      location.replace(safeNext(next));
    } catch (error) {
      setProblem(asApiError(error));
      setBusy(false);
    }
  };
  useEffect(() => {
    // A one-time token must be spent once, also where effects run twice.
    if (!token || tried.current) return;
    tried.current = true;
    void enter({ token });
  });
  return { busy, problem, enter: (proof: Parameters<typeof openSession>[0]) => void enter(proof) };
}

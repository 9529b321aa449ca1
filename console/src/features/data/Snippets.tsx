import { CheckOutlined, CopyOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Client, CLIENTS, snippet } from "./clients";
import "./data.css";

/** The lines that point each client at this system, ready to copy. */
export function Snippets({ writeKey }: { writeKey: string }) {
  const { t } = useTranslation();
  const [client, setClient] = useState<Client>("browser");
  const text = snippet(client, writeKey, location.origin);
  return (
    <section className="snippets" aria-label={t("sources.snippets")}>
      <div className="segments wrap" role="group" aria-label={t("sources.client")}>
        {CLIENTS.map((one) => (
          <button key={one} type="button" aria-pressed={one === client} onClick={() => setClient(one)}>
            {t(`clients.${one}`)}
          </button>
        ))}
      </div>
      <div className="copyable">
        <pre className="raw" tabIndex={0} aria-label={t(`clients.${client}`)}>
          {text}
        </pre>
        <Copy text={text} />
      </div>
    </section>
  );
}

function Copy({ text }: { text: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState<string | null>(null);
  const done = copied === text;
  return (
    <button type="button" className="icon" aria-label={t("sources.copy")} title={t("sources.copy")} onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(text))}>
      {done ? <CheckOutlined /> : <CopyOutlined />} <span role="status">{done ? t("sources.copied") : ""}</span>
    </button>
  );
}

import { Button } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { uploadFile } from "@/api/upload-file";
import { Share } from "@/components/Share";
import { Failure } from "@/components/states";

/** The file, dropped or chosen, and its way up in parts. */
export function ChooseFile({ onDone }: { onDone: (upload: string) => void }) {
  const { t } = useTranslation();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [sending, setSending] = useState<{ file: File; share: number } | null>(null);
  const [failed, setFailed] = useState<{ file: File; error: unknown } | null>(null);
  const send = async (file: File | undefined) => {
    if (!file || sending) return;
    setFailed(null);
    setSending({ file, share: 0 });
    try {
      onDone(await uploadFile(file, (share) => setSending({ file, share })));
    } catch (error) {
      setFailed({ file, error });
    } finally {
      setSending(null);
    }
  };
  return (
    <section
      className={over ? "card drop over" : "card drop"}
      aria-label={t("imports.choose")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void send(event.dataTransfer.files[0]);
      }}
    >
      <p>{t("imports.lead")}</p>
      {sending ? (
        <Share words={t("imports.uploading", { name: sending.file.name })} share={sending.share} />
      ) : (
        <>
          <strong>{t("imports.drop")}</strong>
          <Button type="primary" onClick={() => input.current?.click()}>{t("imports.choose")}</Button>
        </>
      )}
      <input ref={input} type="file" hidden accept=".csv,.txt,.tsv,.xlsx" aria-label={t("imports.choose")} onChange={(event) => void send(event.target.files?.[0])} />
      <p className="note">{t("imports.limits")}</p>
      {failed && <Failure error={failed.error} retry={() => void send(failed.file)} />}
    </section>
  );
}

import { useTranslation } from "react-i18next";
import { Empty, Failure } from "@/components/states";
import { Go } from "@/components/Go";
import { Page } from "@/components/Page";

/** No page at this address. */
export function Missing() {
  const { t } = useTranslation();
  return (
    <Page title={t("frame.missingTitle")}>
      <Empty action={<Go to="/">{t("frame.home")}</Go>}>{t("frame.missing")}</Empty>
    </Page>
  );
}

/** A page that broke; the frame and the other pages live on. */
export function Broken({ error }: { error: unknown }) {
  const { t } = useTranslation();
  return (
    <div className="page">
      <Failure error={error} />
      <button type="button" className="act" onClick={() => location.reload()}>{t("frame.reload")}</button>
    </div>
  );
}

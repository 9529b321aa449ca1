import { Button } from "antd";
import { useTranslation } from "react-i18next";

/** What was typed last time is back; or start over. */
export function Restored({ onDrop }: { onDrop: () => void }) {
  const { t } = useTranslation();
  return (
    <p className="notice">
      {t("form.restored")}
      <Button size="small" onClick={onDrop}>
        {t("form.startOver")}
      </Button>
    </p>
  );
}

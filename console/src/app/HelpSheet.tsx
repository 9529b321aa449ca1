import { Drawer } from "antd";
import { useTranslation } from "react-i18next";
import type { Shortcut } from "@/lib/shortcuts";

interface Props {
  onClose: () => void;
  shortcuts: Shortcut[];
}

/** Keys and the words of the trade. */
export default function HelpSheet({ onClose, shortcuts }: Props) {
  const { t } = useTranslation();
  const words = ["gmv", "roi", "ctr", "cvr", "discount_rate", "watermark"];
  return (
    <Drawer open onClose={onClose} title={t("help.title")} size={380} closable={{ "aria-label": t("act.close") }}>
      <h2 className="side-title">{t("help.keys")}</h2>
      <dl className="keys">
        {shortcuts.map((shortcut) => (
          <div key={shortcut.keys}>
            <dt>
              {shortcut.keys.split(" ").map((key) => (
                <kbd key={key}>{key.replace("mod+", "Ctrl/⌘ ").toUpperCase()}</kbd>
              ))}
            </dt>
            <dd>{t(shortcut.label)}</dd>
          </div>
        ))}
      </dl>
      <h2 className="side-title">{t("help.words")}</h2>
      <dl className="words">
        {words.map((word) => (
          <div key={word}>
            <dt>{t(`metrics.${word}`)}</dt>
            <dd>{t(`definitions.${word}`)}</dd>
          </div>
        ))}
      </dl>
    </Drawer>
  );
}

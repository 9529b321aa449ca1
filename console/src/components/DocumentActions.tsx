import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Transition } from "@/api/documents/transition";
import { useMayWrite } from "@/api/session-hook";
import type { Documents, Item, Kind } from "@/api/types";
import { useGo } from "@/lib/url";

interface Props<K extends Kind> {
  item: Item<Documents[K]>;
  /** Where it is edited; without it the page is the editor itself. */
  edit?: string;
  move: (item: Item<Documents[K]>, to: Transition) => unknown;
}

/** What can be done with one document; the next step is the primary one. */
export function DocumentActions<K extends Kind>({ item, edit, move }: Props<K>) {
  const { t } = useTranslation();
  const go = useGo();
  if (!useMayWrite() || item.state === "archived") return null;
  const next = item.state === "live" ? "pause" : "publish";
  return (
    <>
      <Button danger type="text" onClick={() => move(item, "archive")}>
        {t("act.archive")}
      </Button>
      {edit && <Button onClick={() => go(edit)}>{t("act.edit")}</Button>}
      <Button type={edit ? "primary" : "default"} onClick={() => move(item, next)}>
        {t(`act.${next}`)}
      </Button>
    </>
  );
}

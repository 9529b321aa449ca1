import { CaretRightOutlined, PauseOutlined } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { useMayWrite } from "@/api/session-hook";
import { StateTag } from "@/components/StateTag";
import { useMoves } from "@/features/ads/moves";
import { type Campaign, moving } from "./changes";
import { useChanges } from "./useChanges";

/** The state with its switch: a pause at once and with an undo, publishing after saying what it costs. */
export function StateCell({ item }: { item: Campaign }) {
  const { t } = useTranslation();
  const { change } = useChanges();
  const { move } = useMoves();
  const mayWrite = useMayWrite() && item.state !== "archived";
  const live = item.state === "live";
  const pause = () => change([item], (one) => moving(one, "pause"), "", (changed) => t(changed.length ? "done.pause" : "bulk.refused"));
  const label = `${t(live ? "act.pause" : "act.publish")}: ${item.document.name}`;
  return (
    <span className="row" style={{ flexWrap: "nowrap", gap: 2 }}>
      <StateTag state={item.state} />
      {mayWrite && (
        <button type="button" className="icon" aria-label={label} title={label} onClick={() => (live ? void pause() : void move(item, "publish"))}>
          {live ? <PauseOutlined /> : <CaretRightOutlined />}
        </button>
      )}
    </span>
  );
}

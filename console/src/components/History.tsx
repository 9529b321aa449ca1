import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { useHistory, useSave, useDocument } from "@/api/documents/hooks";
import { useMayWrite } from "@/api/session-hook";
import type { Documents, Kind, Revision } from "@/api/types";
import { instantText, parseInstant } from "@/lib/time";
import { StateTag } from "./StateTag";
import { Empty, Loaded } from "./states";
import { useConfirm } from "./useConfirm";

interface Props<K extends Kind> {
  kind: K;
  id: string;
  /** A field's name and value in the reader's words. */
  describe: (path: string, value: unknown) => { field: string; value: string };
}

/** Every change as a readable diff with who, when and why, and the way back. */
export function History<K extends Kind>({ kind, id, describe }: Props<K>) {
  const { t } = useTranslation();
  const history = useHistory(kind, id);
  const current = useDocument(kind, id);
  const saving = useSave(kind);
  const confirm = useConfirm();
  const mayWrite = useMayWrite();
  const restore = (revision: Revision<Documents[K]>) =>
    confirm({
      title: t("history.restoreTitle", { revision: revision.revision }),
      touches: t("history.restoreTouches"),
      undo: t("history.restoreUndo"),
      verb: t("history.restore"),
      run: () =>
        saving.mutateAsync({
          id,
          revision: current.data?.revision ?? 0,
          document: revision.document,
          reason: t("history.restoreReason", { revision: revision.revision }),
        }),
    });
  return (
    <Loaded query={history}>
      {(revisions) =>
        revisions.length === 0 ? (
          <Empty>{t("history.empty")}</Empty>
        ) : (
          <ol className="history">
            {revisions.map((revision, at) => (
              <li key={revision.revision}>
                <div className="history-head">
                  <strong>{t("history.revision", { revision: revision.revision })}</strong>
                  <StateTag state={revision.state} />
                  <span className="note">
                    {instantText(parseInstant(revision.at) ?? 0)} · {revision.by ?? t("history.system")}
                  </span>
                  {at > 0 && mayWrite && (
                    <Button size="small" onClick={() => restore(revision)}>
                      {t("history.restore")}
                    </Button>
                  )}
                </div>
                {revision.reason && <p>{revision.reason}</p>}
                <Changes changes={revision.changes ?? []} describe={describe} />
              </li>
            ))}
          </ol>
        )
      }
    </Loaded>
  );
}

function Changes({ changes, describe }: { changes: Revision<unknown>["changes"]; describe: Props<Kind>["describe"] }) {
  const { t } = useTranslation();
  if (changes.length === 0) return <p className="note">{t("history.noChanges")}</p>;
  return (
    <ul className="diff">
      {changes.map((change) => {
        const before = describe(change.path, change.before);
        const after = describe(change.path, change.after);
        return (
          <li key={change.path}>
            <span>{after.field}</span> <del>{before.value}</del> <span aria-hidden="true">→</span> <ins>{after.value}</ins>
          </li>
        );
      })}
    </ul>
  );
}

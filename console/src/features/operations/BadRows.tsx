import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Drawer } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { listBadRows } from "@/api/bad-rows-list";
import { replayBadRows } from "@/api/bad-rows-replay";
import { asApiError } from "@/api/problem";
import { useMayWrite } from "@/api/session-hook";
import type { BadRow } from "@/api/types";
import { Empty, Loaded, problemTitle } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { BulkBar, useBulk } from "@/components/useBulk";
import { bytes } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";

/** What intake refused: the reason, the original text, and another try after a fix. */
export function BadRows() {
  const { t } = useTranslation();
  const mayWrite = useMayWrite();
  const rows = useQuery({ queryKey: ["bad-rows"], queryFn: () => listBadRows({ limit: 200 }), refetchInterval: 5000 });
  const [open, setOpen] = useState<BadRow | null>(null);
  const bulk = useBulk();
  const replay = useReplay(bulk.clear);
  const columns: Column<BadRow>[] = [
    {
      id: "reason",
      title: t("badRows.reason"),
      value: (row) => row.reason,
      cell: (row) => (
        <Button type="link" size="small" style={{ padding: 0 }} onClick={() => setOpen(row)}>
          <span className="cut">{row.reason}</span>
        </Button>
      ),
    },
    { id: "path", title: t("badRows.path"), value: (row) => row.path, cell: (row) => <code>{row.path || "$"}</code> },
    { id: "code", title: t("badRows.code"), value: (row) => row.code, cell: (row) => t(`badRows.codes.${row.code}`, { defaultValue: row.code }) },
    { id: "source", title: t("badRows.source"), value: (row) => row.source, cell: (row) => row.source },
    { id: "at", title: t("badRows.at"), value: (row) => row.received_at, cell: (row) => instantText(parseInstant(row.received_at) ?? 0) },
    { id: "size", title: t("badRows.size"), numeric: true, value: (row) => row.size, cell: (row) => bytes(row.size) },
    { id: "replayed", title: t("badRows.replayed"), value: (row) => row.replayed_as, cell: (row) => t(row.replayed_as ? "act.yes" : "act.no") },
  ];
  return (
    <>
      <Loaded query={rows}>
        {(page) => (
          <Table name="bad-rows" caption={t("operations.tabs.bad-rows")} columns={columns} rows={page.items} rowKey={(row) => row.id} {...(mayWrite ? { selection: { chosen: bulk.chosen, onChange: bulk.onChange } } : {})} empty={<Empty>{t("badRows.none")}</Empty>} />
        )}
      </Loaded>
      <BulkBar count={bulk.chosen.size} onClear={bulk.clear}>
        <Button size="small" type="primary" loading={replay.isPending} onClick={() => replay.mutate([...bulk.chosen])}>
          {t("badRows.replay")}
        </Button>
      </BulkBar>
      <Drawer open={open !== null} onClose={() => setOpen(null)} size={560} title={t("badRows.one")} closable={{ "aria-label": t("act.close") }} extra={open && mayWrite && <Button type="primary" onClick={() => replay.mutate([open.id])}>{t("badRows.replay")}</Button>}>
        {open && (
          <div className="form">
            <p>
              <code>{open.path || "$"}</code> {open.reason}
            </p>
            <pre className="raw" tabIndex={0}>{open.text ?? t("badRows.notText")}</pre>
            {open.replayed_as && <p className="note">{t("badRows.replayedAs", { id: open.replayed_as })}</p>}
          </div>
        )}
      </Drawer>
    </>
  );
}

function useReplay(after: () => void) {
  const { t } = useTranslation();
  const { notification } = App.useApp();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: replayBadRows,
    onSuccess: (result) => {
      after();
      const refused = result.refused.map((one) => one.reason).slice(0, 3).join(" · ");
      notification.info({ title: t("badRows.result", { replayed: result.replayed, refused: result.refused.length }), description: refused });
    },
    onError: (error) => notification.error({ title: problemTitle(asApiError(error), t) }),
    onSettled: () => queries.invalidateQueries({ queryKey: ["bad-rows"] }),
  });
}

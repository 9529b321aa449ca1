import { Button, Input } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { listDocuments } from "@/api/documents/list";
import type { Transition } from "@/api/documents/transition";
import { usePages } from "@/api/pages-hook";
import { useMayWrite } from "@/api/session-hook";
import type { Documents, Item, Kind } from "@/api/types";
import { useParameter } from "@/lib/url";
import { useTyped } from "@/lib/useTyped";
import { Choice } from "./Choice";
import { Empty, Loaded } from "./states";
import { type Column, Table } from "./Table";
import { BulkBar, useBulk } from "./useBulk";

const STATES = ["all", "live", "draft", "paused", "archived"] as const;
const PAGE_SIZE = 200;

interface Props<K extends Kind> {
  kind: K;
  caption: string;
  columns: Column<Item<Documents[K]>>[];
  /** What stands where there is nothing yet, and the action that makes the first. */
  none: string;
  create: ReactNode;
  moveAll?: (ids: string[], to: Transition, after: () => void) => unknown;
  /** More than moving: everything that the bar does with the chosen documents. */
  bulk?: (items: Item<Documents[K]>[], clear: () => void) => ReactNode;
}

/** Documents of one kind: by state, by name, page after page, chosen ones moved together. */
export function DocumentList<K extends Kind>({ kind, caption, columns, none, create, moveAll, bulk: part }: Props<K>) {
  const { t } = useTranslation();
  const [state, setState] = useParameter("state", "all");
  const [query] = useParameter("q", "");
  const ask = { limit: PAGE_SIZE, ...(state === "all" ? {} : { state }), ...(query ? { query } : {}) };
  const list = usePages([kind, "list", ask], (cursor) => listDocuments(kind, { ...ask, ...cursor }));
  const bulk = useBulk();
  const mayWrite = useMayWrite();
  const moves = mayWrite ? moveAll : undefined;
  const chooses = mayWrite && (moveAll !== undefined || part !== undefined);
  return (
    <>
      <Loaded query={list}>
        {(items) => (
          <Table
            name={kind}
            caption={caption}
            columns={columns}
            rows={items}
            rowKey={(item) => item.id}
            more={list.more}
            {...(chooses ? { selection: { chosen: bulk.chosen, onChange: bulk.onChange } } : {})}
            empty={<Empty action={create}>{state === "all" && !query ? none : t("table.noMatch")}</Empty>}
            tools={
              <>
                <Choice label={t("table.state")} value={state} onChange={setState} options={STATES.map((value) => ({ value: value as string, label: t(`states.${value}`) }))} />
                <Finder />
              </>
            }
          />
        )}
      </Loaded>
      {chooses && (
        <BulkBar count={bulk.chosen.size} onClear={bulk.clear}>
          {part?.((list.data ?? []).filter((item) => bulk.chosen.has(item.id)), bulk.clear)}
          {moves && (["publish", "pause", "archive"] as const).map((to) => (
            <Button key={to} size="small" onClick={() => moves([...bulk.chosen], to, bulk.clear)}>
              {t(`act.${to}`)}
            </Button>
          ))}
        </BulkBar>
      )}
    </>
  );
}

/** What is typed is its own affair until it settles in the address: a key never draws the list anew. */
function Finder() {
  const { t } = useTranslation();
  const { text, type } = useTyped("q");
  return <Input.Search size="small" allowClear style={{ width: 200 }} aria-label={t("table.search")} placeholder={t("table.search")} value={text} onChange={(event) => type(event.target.value)} />;
}

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { batchVoids, voidCodes } from "@/api/batch-voids";
import { asApiError } from "@/api/problem";
import { useMayWrite } from "@/api/session-hook";
import type { NewVoid, VoidList } from "@/api/types";
import { Choice } from "@/components/Choice";
import { Field } from "@/components/Field";
import { CountInput } from "@/components/inputs";
import { Empty, Failure, Loaded } from "@/components/states";
import { type Column, Table } from "@/components/Table";
import { useConfirm } from "@/components/useConfirm";
import { count } from "@/lib/numbers";
import { instantText, parseInstant } from "@/lib/time";

type How = "codes" | "range" | "all";

/** Make codes void: some by name, a range of numbers, or the whole batch; and what is void by now. */
export function BatchVoids({ id, codes }: { id: string; codes: number }) {
  const voids = useQuery({ queryKey: ["coupon-batches", "voids", id], queryFn: ({ signal }) => batchVoids(id, signal), refetchInterval: 10_000 });
  return (
    <div className="stack">
      {useMayWrite() && <MakeVoid id={id} codes={codes} />}
      <Loaded query={voids} lines={2}>
        {(list) => <VoidTable list={list} />}
      </Loaded>
    </div>
  );
}

function MakeVoid({ id, codes }: { id: string; codes: number }) {
  const { t } = useTranslation();
  const [how, setHow] = useState<How>("codes");
  const [text, setText] = useState("");
  const [range, setRange] = useState<{ first: number | null; last: number | null }>({ first: null, last: null });
  const [reason, setReason] = useState("");
  const queries = useQueryClient();
  const making = useMutation({ mutationFn: (body: NewVoid) => voidCodes(id, body), onSettled: () => void queries.invalidateQueries({ queryKey: ["coupon-batches"] }) });
  const confirm = useConfirm();
  const named = text.split(/[\s,，]+/).filter(Boolean);
  const { first, last } = range;
  const size = how === "codes" ? named.length : how === "all" ? codes : first && last ? Math.max(0, last - first + 1) : 0;
  const body: NewVoid = how === "codes" ? { reason, codes: named } : how === "all" ? { reason, all: true } : { reason, first: (first ?? 1) - 1, last: (last ?? 1) - 1 };
  const problem = making.error ? asApiError(making.error) : null;
  const ask = () =>
    confirm({
      title: t("coupons.voids.ask", { count: size }),
      touches: <p>{t("coupons.voids.touches", { count: size, reason })}</p>,
      undo: t("coupons.voids.undo"),
      verb: t("coupons.voids.verb"),
      danger: true,
      run: async () => {
        await making.mutateAsync(body);
        setText("");
        setReason("");
      },
    });
  return (
    <section className="card form">
      <h2>{t("coupons.voids.title")}</h2>
      <Field label={t("coupons.voids.how")}>{(fieldId) => <Choice id={fieldId} value={how} onChange={setHow} options={(["codes", "range", "all"] as const).map((value) => ({ value, label: t(`coupons.voids.hows.${value}`) }))} />}</Field>
      {how === "codes" && (
        <Field label={t("coupons.voids.codes")} help={t("coupons.voids.codesHelp")} error={problem?.fields.find((field) => field.path.startsWith("codes"))?.detail}>
          {(fieldId, describedBy) => <Input.TextArea id={fieldId} aria-describedby={describedBy} rows={3} value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
      )}
      {how === "range" && (
        <Field label={t("coupons.voids.range")} help={t("coupons.voids.rangeHelp", { codes: count(codes) })} error={problem?.field("last")}>
          {(fieldId, describedBy) => (
            <span className="row">
              <CountInput id={fieldId} describedBy={describedBy} label={t("coupons.voids.first")} width={120} value={first} onChange={(value) => setRange({ ...range, first: value })} />
              <span aria-hidden="true">–</span>
              <CountInput label={t("coupons.voids.last")} width={120} value={last} onChange={(value) => setRange({ ...range, last: value })} />
            </span>
          )}
        </Field>
      )}
      <Field label={t("coupons.voids.reason")} help={t("coupons.voids.reasonHelp")} error={problem?.field("reason")}>
        {(fieldId, describedBy) => <Input id={fieldId} aria-describedby={describedBy} maxLength={500} value={reason} onChange={(event) => setReason(event.target.value)} />}
      </Field>
      {problem && <Failure error={problem} />}
      <Button danger className="start" disabled={size === 0 || reason.trim() === ""} onClick={ask}>
        {t("coupons.voids.verb")}
      </Button>
    </section>
  );
}

function VoidTable({ list }: { list: VoidList }) {
  const { t } = useTranslation();
  type Row = VoidList["items"][number];
  const columns: Column<Row>[] = [
    { id: "numbers", title: t("coupons.voids.numbers"), value: (row) => row.first + 1, cell: (row) => (row.first === row.last ? count(row.first + 1) : `${count(row.first + 1)}–${count(row.last + 1)}`) },
    { id: "count", title: t("coupons.voids.size"), numeric: true, value: (row) => row.last - row.first + 1, cell: (row) => count(row.last - row.first + 1) },
    { id: "reason", title: t("coupons.voids.reason"), value: (row) => row.reason, cell: (row) => row.reason },
    { id: "at", title: t("coupons.voids.at"), value: (row) => row.at, cell: (row) => instantText(parseInstant(row.at) ?? 0) },
    { id: "by", title: t("table.by"), value: (row) => row.by, cell: (row) => row.by },
  ];
  return <Table name="batch-voids" caption={t("coupons.voids.list", { count: count(list.codes) })} columns={columns} rows={list.items} rowKey={(row) => String(row.id)} empty={<Empty>{t("coupons.voids.none")}</Empty>} tools={<h2>{t("coupons.voids.list", { count: count(list.codes) })}</h2>} />;
}

import { useQuery } from "@tanstack/react-query";
import { nowMs } from "@/lib/clock";
import { DAY_MS, dayStartMs, rfc3339 } from "@/lib/time";
import { useAddress } from "@/lib/url";
import { queryReport } from "./report";
import { useShop } from "./shop-get";

const TEN_YEARS_MS = 3650 * DAY_MS;

/** Currencies that orders were paid in, the most used first. */
async function listCurrencies(): Promise<string[]> {
  const today = dayStartMs(nowMs());
  const report = await queryReport({
    metrics: ["orders"],
    dimensions: ["currency"],
    from: rfc3339(today - TEN_YEARS_MS),
    to: rfc3339(today + DAY_MS),
  });
  const column = (name: string) => report.columns.findIndex((one) => one.name === name);
  const [at, orders] = [column("currency"), column("orders")];
  return [...report.rows]
    .sort((a, b) => Number(b[orders]) - Number(a[orders]))
    .map((row) => String(row[at] ?? ""))
    .filter(Boolean);
}

/** All currencies, and the one that the page counts in. */
export function useCurrency(): { currency: string; currencies: string[]; known: boolean } {
  const chosen = useAddress().currency;
  const found = useQuery({ queryKey: ["currencies"], queryFn: listCurrencies, staleTime: 60_000 });
  const shop = useShop();
  const currencies = found.data ?? [];
  const currency = chosen ?? currencies[0] ?? shop.data?.currency ?? "CNY";
  return { currency, currencies, known: chosen !== undefined || !(found.isPending || shop.isPending) };
}

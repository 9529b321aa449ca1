import type { FlashSaleDocument, FlashSaleState, Item, SoldItem } from "@/api/types";
import { DAY_MS, rfc3339 } from "@/lib/time";

export type SaleItem = Item<FlashSaleDocument>;

/** A document with every part that the form shows, also where the stored one leaves it out. */
export function completed(document: FlashSaleDocument): FlashSaleDocument {
  const { sessions = [], currency = "CNY", customer_limits = {}, reservation_expires_after_s = 900, warm_up_s = 0 } = document as Partial<FlashSaleDocument>;
  return { ...document, sessions, currency, customer_limits, reservation_expires_after_s, warm_up_s };
}

/** An empty row of goods; one a customer, as flash sales usually are. */
export const BLANK_ITEM: SoldItem = { sku: "", price_minor: 0, stock: 100, limit_per_customer: 1 };

/** A new sale: tomorrow from ten to twelve by the shop's clock, a queue for the crowd. */
export function blank(currency: string, dayStartMs: number): FlashSaleDocument {
  const starts = dayStartMs + DAY_MS + 10 * 3_600_000;
  const sessions = [{ starts_at: rfc3339(starts), ends_at: rfc3339(starts + 2 * 3_600_000) }];
  return { name: "", items: [BLANK_ITEM], sessions, currency, customer_limits: {}, queue: { admissions_per_s: 200 }, reservation_expires_after_s: 900, warm_up_s: 600 };
}

export interface Stock {
  stock: number;
  left: number;
  reserved: number;
  sold: number;
  /** What was sold, in minor units. */
  taken: number;
}

/** Pieces of a session over all goods: stock = left + reserved + sold. */
export function stockOf(state: FlashSaleState): Stock {
  const sum = (of: (item: FlashSaleState["items"][number]) => number) => state.items.reduce((total, item) => total + of(item), 0);
  return { stock: sum((item) => item.stock), left: sum((item) => item.left), reserved: sum((item) => item.reserved), sold: sum((item) => item.sold), taken: sum((item) => item.sold * item.price_minor) };
}

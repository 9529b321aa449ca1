import type { Advertiser, Wallet } from "@/api/types";
import { DASH, money } from "@/lib/numbers";
import { useWallet } from "./useWallet";

/** One amount of an advertiser's wallet, in a list. */
export function WalletFigure({ advertiser, name }: { advertiser: Advertiser; name: "balance_minor" | "billed_minor" | "on_credit_minor" }) {
  const wallet: Wallet | undefined = useWallet(advertiser.id).data;
  return wallet ? money(wallet[name], wallet.currency) : DASH;
}

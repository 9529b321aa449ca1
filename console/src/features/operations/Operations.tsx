import { useSession } from "@/api/session-hook";
import { useParameter } from "@/lib/url";
import { Keys } from "./Keys";
import { OperationsPage } from "./OperationsPage";
import { System } from "./System";

/** How the house is: its roles, and the keys of programs. */
export function Operations() {
  const owner = useSession().data?.user.role === "owner";
  const [tab] = useParameter("tab", "system");
  const keys = tab === "keys" && owner;
  return <OperationsPage tab={keys ? "keys" : "system"}>{keys ? <Keys /> : <System />}</OperationsPage>;
}

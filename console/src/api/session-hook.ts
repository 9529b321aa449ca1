import { useQuery } from "@tanstack/react-query";
import { getSession } from "./session-get";

/** Who is signed in. */
export const useSession = () => useQuery({ queryKey: ["session"], queryFn: getSession, staleTime: 300_000, retry: false });

/** Whether the signed-in person may change things. */
export const useMayWrite = (): boolean => {
  const role = useSession().data?.user.role;
  return role === "owner" || role === "operator";
};

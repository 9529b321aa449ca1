import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { carried, type Search } from "@/lib/url";

interface Props {
  to: string;
  extra?: Search;
  children: ReactNode;
  className?: string;
  exact?: boolean;
  "aria-label"?: string;
  onClick?: () => void;
}

/** A link inside the console; the period goes along. */
export function Go({ to, extra, exact = true, ...rest }: Props) {
  const search = (old: Search) => ({ ...carried(old), ...extra });
  return <Link {...rest} to={to} search={search as never} activeOptions={{ exact, includeSearch: extra !== undefined }} />;
}

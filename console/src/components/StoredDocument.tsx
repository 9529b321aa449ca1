import { useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useDocument } from "@/api/documents/hooks";
import type { Documents, Item, Kind } from "@/api/types";
import type { Search } from "@/lib/url";
import { Page } from "./Page";
import { Loaded } from "./states";

interface Props<K extends Kind> {
  kind: K;
  back: { to: string; label: string; extra?: Search };
  /** The document's own page. */
  children: (item: Item<Documents[K]>) => ReactNode;
}

/** The page of the document that the address names; until it is here, and where there is none, a page that leads back. */
export function StoredDocument<K extends Kind>({ kind, back, children }: Props<K>) {
  const { id } = useParams({ strict: false }) as { id: string };
  const item = useDocument(kind, id);
  const page = <Loaded query={item}>{children}</Loaded>;
  return item.data ? (
    page
  ) : (
    <Page title={back.label} back={back}>
      {page}
    </Page>
  );
}

import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import type { Pages } from "../../api/usePages";
import { FaultNotice } from "./FaultNotice";
import { RowsSkeleton } from "./PageSkeleton";

interface Props<N> {
  /** What the list is called: "Grants". */
  name: string;
  pages: Pages<N>;
  /** Shown in place of an empty list. */
  empty: ReactNode;
  children: (rows: N[]) => ReactNode;
}

/** A list that is read page by page: its skeleton, its fault, its emptiness, its rows and the way to older ones. */
export function Listing<N>({ name, pages, empty, children }: Props<N>) {
  const { rows, fault, reload, more, loading } = pages;
  return (
    <>
      {fault && <FaultNotice fault={fault} what={`Loading: ${name.toLowerCase()}`} onRetry={reload} />}
      {(rows || !fault) && (
        <section className="card flush" aria-label={name}>
          {!rows ? <RowsSkeleton rows={8} /> : rows.length === 0 ? empty : children(rows)}
        </section>
      )}
      {more && <MoreButton load={more} loading={loading} />}
    </>
  );
}

export function MoreButton({ load, loading }: { load: () => void; loading: boolean }) {
  return (
    <Button variant="default" onClick={load} loading={loading} style={{ justifySelf: "center" }}>
      Show older
    </Button>
  );
}

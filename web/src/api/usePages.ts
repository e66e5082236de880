import { useCallback, useEffect, useRef, useState } from "react";
import { useClient, type AnyVariables, type TypedDocumentNode } from "urql";
import { useConnection } from "./ApiContext";
import { toFault, type Fault } from "./fault";
import { useRetry } from "./online";

/** A page of a list, as the API gives it. */
export interface Connection<N> {
  edges: { node: N }[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

export interface Pages<N> {
  /** What was read so far; null until the first page arrived. */
  rows: N[] | null;
  fault: Fault | null;
  loading: boolean;
  /** Reads the next page; undefined where there is none. */
  more: (() => void) | undefined;
  /** Begins anew with the first page. */
  reload: () => void;
}

/** A list that is read page by page. Other variables begin it anew, and so does the return of a lost connection. */
export function usePages<T, V extends AnyVariables, N>(
  query: TypedDocumentNode<T, V>,
  variables: Omit<V, "after">,
  pick: (data: T) => Connection<N> | null | undefined,
): Pages<N> {
  const client = useClient();
  const { returns } = useConnection();
  const [rows, setRows] = useState<N[] | null>(null);
  const [next, setNext] = useState<string | null>(null);
  const [fault, setFault] = useState<Fault | null>(null);
  const [loading, setLoading] = useState(false);
  const [attempt, setAttempt] = useState(0);
  const latestPick = useRef(pick);
  latestPick.current = pick;
  const text = JSON.stringify(variables);
  // Answers to a question that is no longer asked are dropped.
  const asked = useRef(0);

  const read = useCallback(
    async (after: string | null) => {
      const number = ++asked.current;
      setLoading(true);
      setFault(null);
      const { data, error } = await client.query(query, { ...JSON.parse(text), after } as V, { requestPolicy: "network-only" }).toPromise();
      if (number !== asked.current) return;
      setLoading(false);
      if (error || !data) {
        setFault(error ? toFault(error) : null);
        return;
      }
      const page = latestPick.current(data);
      const nodes = page?.edges.map(({ node }) => node) ?? [];
      setRows((before) => (after === null ? nodes : [...(before ?? []), ...nodes]));
      setNext(page?.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null);
    },
    [client, query, text],
  );

  useEffect(() => setRows(null), [text]);
  useEffect(() => {
    void read(null);
    return () => {
      asked.current += 1;
    };
  }, [read, attempt, returns]);

  const reload = useCallback(() => setAttempt((count) => count + 1), []);
  useRetry(fault, reload);
  // Where the list begins anew, the place where the one before went on is no place in this one.
  const more = next === null || rows === null ? undefined : () => void read(next);
  return { rows, fault, loading, more, reload };
}

import { useCallback, useEffect, useMemo, useRef } from "react";
import { useQuery, type AnyVariables, type TypedDocumentNode } from "urql";
import { useConnection } from "./ApiContext";
import { toFault, type Fault } from "./fault";
import { useRetry } from "./online";

export interface Data<T, V = AnyVariables> {
  /** The newest answer; while a newer one is fetched, or where that fails, the one before. */
  data: T | undefined;
  /** The variables that `data` answers: while a newer question is under way, those of the one before. */
  answers: V | undefined;
  /** Why there is nothing to show. */
  fault: Fault | null;
  /** Why asking again failed, where the answer before is still shown. */
  outdated: Fault | null;
  /** The answer came from the server just now; it is none that was kept from an earlier visit and is being asked for again. */
  fresh: boolean;
  /** Asks the server again. */
  reload: () => void;
}

/** A query that is asked again whenever the live connection comes back: what was missed is caught up. */
export function useData<T, V extends AnyVariables>(query: TypedDocumentNode<T, V>, variables: V, pause = false): Data<T, V> {
  const context = useMemo(() => ({ requestPolicy: "cache-and-network" as const }), []);
  const [{ data: newest, error, fetching, stale, operation }, execute] = useQuery<T, V>({ query, variables, pause, context } as never);
  // With an error a null says nothing: the field could not be read. The answer before then stays; urql would
  // drop it, and a page would go away with what was typed on it.
  const good = useRef<{ key: number; data: T } | null>(null);
  if (newest && !error && operation) good.current = { key: operation.key, data: newest };
  const before = good.current?.key === operation?.key ? good.current?.data : undefined;
  const data = error ? before : newest;
  const { returns } = useConnection();
  const seen = useRef(returns);
  useEffect(() => {
    if (seen.current === returns) return;
    seen.current = returns;
    if (!pause) execute({ requestPolicy: "network-only" });
  }, [returns, pause, execute]);
  const reload = useCallback(() => execute({ requestPolicy: "network-only" }), [execute]);
  const problem = error ? toFault(error) : null;
  useRetry(pause || fetching ? null : problem, reload);
  return {
    data,
    answers: operation?.variables as V | undefined,
    fault: data ? null : problem,
    outdated: data ? problem : null,
    fresh: !error && newest !== undefined && !fetching && !stale,
    reload,
  };
}

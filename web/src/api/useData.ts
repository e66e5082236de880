import { useEffect, useMemo, useRef } from "react";
import { useQuery, type AnyVariables, type TypedDocumentNode } from "urql";
import { useConnection } from "./ApiContext";
import { toFault, type Fault } from "./fault";

export interface Data<T, V = AnyVariables> {
  /** The newest answer; while a newer one is fetched, the one before. */
  data: T | undefined;
  /** The variables that `data` answers: while a newer question is under way, those of the one before. */
  answers: V | undefined;
  fault: Fault | null;
  loading: boolean;
  /** Asks the server again. */
  reload: () => void;
}

/** A query that is asked again whenever the live connection comes back: what was missed is caught up. */
export function useData<T, V extends AnyVariables>(query: TypedDocumentNode<T, V>, variables: V, pause = false): Data<T, V> {
  const context = useMemo(() => ({ requestPolicy: "cache-and-network" as const }), []);
  const [{ data, error, fetching, operation }, execute] = useQuery<T, V>({ query, variables, pause, context } as never);
  const { returns } = useConnection();
  const seen = useRef(returns);
  useEffect(() => {
    if (seen.current === returns) return;
    seen.current = returns;
    if (!pause) execute({ requestPolicy: "network-only" });
  }, [returns, pause, execute]);
  return {
    data,
    answers: operation?.variables as V | undefined,
    fault: error && !data ? toFault(error) : null,
    loading: fetching,
    reload: () => execute({ requestPolicy: "network-only" }),
  };
}

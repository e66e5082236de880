import { useCallback, useState } from "react";
import { useClient, type AnyVariables, type TypedDocumentNode } from "urql";
import { toFault, type Fault } from "./fault";

export interface Action<T, V> {
  run: (variables: V) => Promise<T | null>;
  running: boolean;
  fault: Fault | null;
  result: T | null;
  reset: () => void;
}

/** A mutation with where it stands: running, failed with a fault, or done with a result. */
export function useAction<T, V extends AnyVariables>(mutation: TypedDocumentNode<T, V>): Action<T, V> {
  const client = useClient();
  const [running, setRunning] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const [result, setResult] = useState<T | null>(null);
  const run = useCallback(
    async (variables: V) => {
      setRunning(true);
      setFault(null);
      const answer = await client.mutation(mutation, variables).toPromise();
      setRunning(false);
      if (answer.error || !answer.data) {
        setFault(answer.error ? toFault(answer.error) : null);
        return null;
      }
      setResult(answer.data);
      return answer.data;
    },
    [client, mutation],
  );
  const reset = useCallback(() => {
    setFault(null);
    setResult(null);
  }, []);
  return { run, running, fault, result, reset };
}

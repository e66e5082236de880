import { useCallback } from "react";
import { useSearchParams } from "react-router";

export interface Why {
  decisionId: string | null;
  accountId: string | null;
  open: (decisionId: string, accountId: string) => void;
  close: () => void;
}

/** Which decision is being explained: part of the address, so that it can be linked and the back button closes it. */
export function useWhy(): Why {
  const [params, setParams] = useSearchParams();
  const open = useCallback(
    (decisionId: string, accountId: string) =>
      setParams((before) => {
        const after = new URLSearchParams(before);
        after.set("why", decisionId);
        after.set("of", accountId);
        return after;
      }),
    [setParams],
  );
  const close = useCallback(
    () =>
      setParams((before) => {
        const after = new URLSearchParams(before);
        after.delete("why");
        after.delete("of");
        return after;
      }),
    [setParams],
  );
  return { decisionId: params.get("why"), accountId: params.get("of"), open, close };
}

import { useCallback } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";

export interface Why {
  decisionId: string | null;
  accountId: string | null;
  open: (decisionId: string, accountId: string) => void;
  close: () => void;
}

/** What an entry of the browser's history says that opening the drawer made. */
const opened = { why: "opened" };

/**
 * Which decision is being explained: part of the address, so that it can be linked and the back button closes it.
 * Closing goes back to the entry before, or replaces the address where a link led here, so that the back button
 * never opens the drawer again.
 */
export function useWhy(): Why {
  const [params, setParams] = useSearchParams();
  const { state } = useLocation() as { state: unknown };
  const navigate = useNavigate();
  const decisionId = params.get("why");
  const here = state !== null && typeof state === "object" && (state as Partial<typeof opened>).why === opened.why;
  const open = useCallback(
    (id: string, accountId: string) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          after.set("why", id);
          after.set("of", accountId);
          return after;
        },
        decisionId === null ? { state: opened } : { replace: true, state },
      ),
    [setParams, decisionId, state],
  );
  const close = useCallback(() => {
    if (here) {
      void navigate(-1);
      return;
    }
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        after.delete("why");
        after.delete("of");
        return after;
      },
      { replace: true },
    );
  }, [here, navigate, setParams]);
  return { decisionId, accountId: params.get("of"), open, close };
}

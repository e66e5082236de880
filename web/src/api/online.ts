import { useEffect, useSyncExternalStore } from "react";
import { useConnection } from "./ApiContext";
import type { Fault } from "./fault";

function subscribe(listener: () => void): () => void {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
}

/** Whether the browser believes that it has a network at all. */
export function useOnline(): boolean {
  return useSyncExternalStore(subscribe, () => navigator.onLine);
}

/** Whether the server is in reach: false while the browser has no network, or while the live connection is lost. */
export function useInReach(): boolean {
  const online = useOnline();
  const { state } = useConnection();
  return online && state !== "lost";
}

const againEveryMs = 5_000;

/** Asks again by itself as long as the server was not reached: when the network comes back, and every few seconds. */
export function useRetry(fault: Fault | null, reload: () => void): void {
  const unreached = fault?.code === "NETWORK";
  useEffect(() => {
    if (!unreached) return undefined;
    const again = () => navigator.onLine && reload();
    const timer = setInterval(again, againEveryMs);
    window.addEventListener("online", again);
    return () => {
      clearInterval(timer);
      window.removeEventListener("online", again);
    };
  }, [unreached, reload]);
}

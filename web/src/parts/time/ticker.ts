import { useSyncExternalStore } from "react";
import { serverNow } from "../../api/clock";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let now = serverNow();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (!timer) {
    now = serverNow();
    timer = setInterval(() => {
      now = serverNow();
      listeners.forEach((one) => one());
    }, 1000);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function subscribeSlowly(listener: () => void): () => void {
  let count = 0;
  return subscribe(() => {
    count += 1;
    if (count % 15 === 0) listener();
  });
}

/** The server's time, anew each second. One timer serves the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** How often so many milliseconds have gone by since 1970: for what is done anew each hour or minute. */
export function useTurns(everyMs: number): number {
  return useSyncExternalStore(subscribeSlowly, () => Math.floor(now / everyMs));
}

/** The server's time, anew about four times a minute: enough for "3 minutes ago". */
export function useSlowNow(): number {
  return useSyncExternalStore(subscribeSlowly, () => Math.floor(now / 15_000) * 15_000);
}

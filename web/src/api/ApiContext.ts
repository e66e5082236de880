import { createContext, useContext, useEffect, useSyncExternalStore } from "react";
import type { Api } from "./client";
import type { Connection } from "./connection";

export const ApiContext = createContext<Api | null>(null);

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error("useApi is used outside a signed-in session");
  return api;
}

export function useConnection(): Connection {
  const { connection } = useApi();
  return useSyncExternalStore(connection.subscribe, connection.current);
}

/** After a sleep or a lost network the browser often believes in a dead socket: open a new one at once. */
export function useWaking(api: Api | null): void {
  useEffect(() => {
    if (!api) return undefined;
    let hiddenAt: number | null = null;
    const onVisibility = () => {
      if (document.hidden) hiddenAt = Date.now();
      else if (hiddenAt !== null && Date.now() - hiddenAt > 30_000) api.wake();
    };
    const onOnline = () => api.wake();
    document.addEventListener("visibilitychange", onVisibility);
    window.addEventListener("online", onOnline);
    return () => {
      document.removeEventListener("visibilitychange", onVisibility);
      window.removeEventListener("online", onOnline);
    };
  }, [api]);
}

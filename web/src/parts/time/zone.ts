import { useSyncExternalStore } from "react";
import { readersZone, utc, type Zone } from "../../format/zone";

const storageKey = "spillway.zone";

/*
 * Which zone the whole portal tells its times in: the reader's own, or UTC. Kept for the reader's next visit,
 * and followed by their other tabs. It lives outside of React so that a file being written reads it too.
 */
const own = readersZone();
const listeners = new Set<() => void>();
let chosen: Zone = stored();

function stored(): Zone {
  try {
    return localStorage.getItem(storageKey) === utc ? utc : own;
  } catch {
    return own;
  }
}

function set(zone: Zone): void {
  if (zone === chosen) return;
  chosen = zone;
  listeners.forEach((listener) => listener());
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) window.addEventListener("storage", onStorage);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) window.removeEventListener("storage", onStorage);
  };
}

function onStorage({ key }: StorageEvent): void {
  if (key === storageKey || key === null) set(stored());
}

/** The zone in which the portal tells its times, now. Components use useZone. */
export function currentZone(): Zone {
  return chosen;
}

/** The zone in which the portal tells its times: lists, charts and files alike. */
export function useZone(): Zone {
  return useSyncExternalStore(subscribe, currentZone);
}

/** The reader's own zone; UTC where the browser does not tell one. */
export const ownZone: Zone = own;

/** Chooses the reader's own zone or UTC. */
export function chooseZone(zone: Zone): void {
  try {
    if (zone === utc) localStorage.setItem(storageKey, utc);
    else localStorage.removeItem(storageKey);
  } catch {
    // It then holds until the page is reloaded.
  }
  set(zone);
}

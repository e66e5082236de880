const storageKey = "spillway.reasons";
const most = 8;

/** The reasons that this reader gave last, the newest first. */
export function lastReasons(): string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(storageKey) ?? "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Keeps a reason, to be offered again. */
export function rememberReason(reason: string): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify([reason, ...lastReasons().filter((one) => one !== reason)].slice(0, most)));
  } catch {
    // It is not offered again then.
  }
}

const storageKey = "spillway.token";

/** When a JWT runs out, the one thing that the portal reads out of it; null for a text that is none. The server alone checks it. */
export function readClaims(token: string): { expiresAt: number | null } | null {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  try {
    const payload = parts[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return null;
    const { exp } = claims as { exp?: unknown };
    return { expiresAt: typeof exp === "number" ? exp * 1000 : null };
  } catch {
    return null;
  }
}

/** Why a session ended: the token ran out, or the server never took it. */
export type Ending = "expired" | "refused";

/** The server does not say why it refuses a token; a token whose time has come by the reader's clock ran out. */
export function endingOf(token: string, now: number): Ending {
  const expiresAt = readClaims(token)?.expiresAt ?? null;
  return expiresAt !== null && expiresAt <= now + clocksDifferByMs ? "expired" : "refused";
}

const clocksDifferByMs = 30_000;

/** The token in a pasted text: the token itself, with or without "Bearer", or a whole sign-in link. */
export function tokenIn(text: string): string | null {
  const fromLink = /[#&]token=([^&\s]+)/.exec(text)?.[1];
  const token = (fromLink ?? text).trim().replace(/^Bearer\s+/i, "");
  return readClaims(token) ? token : null;
}

/**
 * Takes the token out of the address, where a sign-in link carries it in the fragment
 * (which no server ever sees), and cleans the address, so that it stays in no history.
 */
export function takeTokenFromAddress(): string | null {
  if (!location.hash.includes("token=")) return null;
  const token = tokenIn(location.hash);
  history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

/** The token of this tab. sessionStorage ends with the tab and is never sent anywhere. */
export function storedToken(): string | null {
  try {
    return sessionStorage.getItem(storageKey);
  } catch {
    return null;
  }
}

/** Keeps the token for reloads of this tab; null forgets it. Where storage is forbidden, memory alone holds it. */
export function storeToken(token: string | null): void {
  try {
    if (token) sessionStorage.setItem(storageKey, token);
    else sessionStorage.removeItem(storageKey);
  } catch {
    // The session then lasts until the page is reloaded.
  }
}

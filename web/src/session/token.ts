const storageKey = "spillway.token";

/** What the portal reads out of a token, to address the reader. The server alone checks it. */
export interface Claims {
  subject: string;
  expiresAt: number | null; // milliseconds since 1970
}

/** The claims of a JWT, or null for a text that is none. */
export function readClaims(token: string): Claims | null {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  try {
    const payload = parts[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return null;
    const { sub, exp } = claims as { sub?: unknown; exp?: unknown };
    return {
      subject: typeof sub === "string" ? sub : "",
      expiresAt: typeof exp === "number" ? exp * 1000 : null,
    };
  } catch {
    return null;
  }
}

/** The token in a pasted text: the token itself, with or without "Bearer", or a whole sign-in link. */
export function tokenIn(text: string): string | null {
  const fromLink = /[#&]token=([^&\s]+)/.exec(text)?.[1];
  const token = (fromLink ? decodeURIComponent(fromLink) : text).trim().replace(/^Bearer\s+/i, "");
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

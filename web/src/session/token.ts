const storageKey = "spillway.token";

/** What the portal reads out of a token. The server alone checks it. */
export interface Claims {
  /** When it was made and when it runs out, in milliseconds; null where it does not say. */
  issuedAt: number | null;
  expiresAt: number | null;
  /** Whom it names: two tokens of the same person, account and roles are the same session. */
  person: string;
  /** The person in words: "ada, account acme". */
  name: string;
}

/** The claims of a JWT; null for a text that is none. */
export function readClaims(token: string): Claims | null {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  try {
    const payload = parts[1]!.replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(payload), (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return null;
    const { sub, account, roles, iat, exp } = claims as Record<string, unknown>;
    const list = Array.isArray(roles) ? roles.map(String).sort() : [];
    const of = typeof account === "string" && account !== "" ? account : null;
    return {
      issuedAt: inMs(iat),
      expiresAt: inMs(exp),
      person: JSON.stringify([sub, of, list]),
      name: [typeof sub === "string" ? sub : "someone", of ? `account ${of}` : list.join(", ")].filter(Boolean).join(", "),
    };
  } catch {
    return null;
  }
}

function inMs(seconds: unknown): number | null {
  return typeof seconds === "number" ? seconds * 1000 : null;
}

/** Whether two tokens name the same person with the same account and roles. */
export function isSamePerson(one: string, other: string): boolean {
  const claims = readClaims(one);
  return claims !== null && claims.person === readClaims(other)?.person;
}

const warnBeforeMs = 5 * 60_000;

/** When to warn that a token is about to run out: five minutes before, or at half of a life shorter than ten; null where it never does. */
export function warnAt({ issuedAt, expiresAt }: Pick<Claims, "issuedAt" | "expiresAt">): number | null {
  if (expiresAt === null) return null;
  return expiresAt - (issuedAt === null ? warnBeforeMs : Math.min(warnBeforeMs, Math.max(0, expiresAt - issuedAt) / 2));
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

/** The token of this tab. sessionStorage ends with the tab and is never sent anywhere; session/tabs.ts shares it with the other tabs. */
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

import type { Ending } from "../../session/token";

/** Why one has to sign in again. */
export const endings: Record<Ending, string> = {
  expired: "Your sign-in has run out. Sign in again to continue where you were.",
  refused: "The server does not accept this token. Ask for a new one.",
};

import { isZero } from "../../format/credits";

export type GrantState = "active" | "scheduled" | "spent" | "expired" | "void";

interface Dated {
  effectiveAt: string;
  expiresAt: string | null;
  voidedAt: string | null;
  remaining: string;
  held: string;
}

/** Where a grant stands at a moment; what ended it counts before what is left in it. */
export function grantState({ effectiveAt, expiresAt, voidedAt, remaining, held }: Dated, now: number): GrantState {
  if (voidedAt) return "void";
  if (expiresAt && Date.parse(expiresAt) <= now) return "expired";
  if (Date.parse(effectiveAt) > now) return "scheduled";
  return isZero(remaining) && isZero(held) ? "spent" : "active";
}

export const grantStateWords: Record<GrantState, string> = {
  active: "Active",
  scheduled: "Scheduled",
  spent: "Spent",
  expired: "Expired",
  void: "Void",
};

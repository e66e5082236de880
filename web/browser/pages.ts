import type { World } from "./api.ts";

/** The user's pages, with a name that a file may have. */
export function userPages(): [name: string, path: string][] {
  return [
    ["overview", "/"],
    ["history", "/history"],
    ["credits", "/credits"],
    ["credits-ledger", "/credits?tab=ledger"],
    ["credits-usage", "/credits?tab=usage"],
    ["check", "/check?n=5"],
  ];
}

export const adminPageNames = [
  "accounts",
  "account",
  "account-history",
  "account-credits",
  "account-check",
  "account-audit",
  "plans",
  "plan",
  "plan-editor",
  "plan-new",
  "live",
  "proof",
  "anomalies",
  "audit",
  "not-found",
] as const;

/** The admin's pages by name; some are an account's or a plan's. */
export function adminPages({ account, plan }: Pick<World, "account" | "plan">): Record<(typeof adminPageNames)[number], string> {
  return {
    accounts: "/accounts",
    account: `/accounts/${account}`,
    "account-history": `/accounts/${account}/history`,
    "account-credits": `/accounts/${account}/credits`,
    "account-check": `/accounts/${account}/check?n=5`,
    "account-audit": `/accounts/${account}/audit`,
    plans: "/plans",
    plan: `/plans/${plan}`,
    "plan-editor": `/plans/${plan}/edit`,
    "plan-new": "/plans/new",
    live: "/live",
    proof: "/proof",
    anomalies: "/anomalies",
    audit: "/audit",
    "not-found": "/nothing-here",
  };
}

import type { World } from "./api.ts";

/** Every page of the portal, with a name that a file may have. */
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

export function adminPages({ account, plan }: Pick<World, "account" | "plan">): [name: string, path: string][] {
  return [
    ["accounts", "/accounts"],
    ["account", `/accounts/${account}`],
    ["account-credits", `/accounts/${account}/credits`],
    ["plans", "/plans"],
    ["plan", `/plans/${plan}`],
    ["plan-editor", `/plans/${plan}/edit`],
    ["live", "/live"],
    ["proof", "/proof"],
    ["anomalies", "/anomalies"],
    ["audit", "/audit"],
    ["not-found", "/nothing-here"],
  ];
}

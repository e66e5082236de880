/** What an entry of the audit log says. */
export interface Entry {
  action: string;
  accountId: string | null;
  before?: unknown;
  after?: unknown;
}

/** What was done, to whom: "set the price of" and "chat". */
export interface Deed {
  did: string;
  /** null: the whom is all that `did` says. */
  whom: string | null;
  kind: "account" | "plan" | "other";
}

/** The words for an entry; of an action that has none here, its name. */
export function deedOf({ action, accountId, before, after }: Entry): Deed {
  const now = object(after);
  const account = (did: string): Deed => ({ did, whom: accountId, kind: "account" });
  const other = (did: string, whom: unknown): Deed => ({ did, whom: text(whom), kind: "other" });
  switch (action) {
    case "createAccount":
      return account("created the account");
    case "setAccountStatus":
      return account(now.status === "SUSPENDED" ? "suspended" : "reactivated");
    case "assignPlan":
      return account(`moved to the plan ${text(now.plan) ?? ""}`.trim() + ":");
    case "setSpendCap":
      return account(text(now.spendCap) === null ? "lifted the spend cap of" : "set the spend cap of");
    case "createGrant":
      return account("gave a grant to");
    case "voidGrant":
      return account("voided a grant of");
    case "refund":
      return account("refunded a decision of");
    case "upsertFeature":
      return other(before ? "changed the feature" : "created the feature", now.key);
    case "setPrice":
      return other("set a price of", now.feature);
    case "withdrawPrice":
      return other("withdrew a price of", now.feature);
    case "publishPlan":
      return { did: `published version ${String(now.version ?? "")} of the plan`.replace("  ", " "), whom: text(now.key), kind: "plan" };
  }
  return { did: action, whom: accountId, kind: accountId === null ? "other" : "account" };
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

import { toCsv } from "../../format/csv";
import type { GrantFieldsFragment } from "../../gql/graphql";
import { grantState } from "./grantState";

/** Grants as a file, one a line, with the state in which they are now. */
export function grantsCsv(grants: GrantFieldsFragment[], now: number): string {
  const header = [
    "id",
    "kind",
    "state",
    "denomination",
    "amount",
    "remaining",
    "held",
    "priority",
    "features",
    "effective_at",
    "expires_at",
    "note",
    "reference",
  ];
  return toCsv(
    header,
    grants.map((grant) => [
      grant.id,
      grant.kind,
      grantState(grant, now),
      grant.denomination,
      grant.amount,
      grant.remaining,
      grant.held,
      grant.priority,
      grant.features?.map(({ key }) => key).join(" ") ?? "",
      grant.effectiveAt,
      grant.expiresAt,
      grant.note,
      grant.reference,
    ]),
  );
}

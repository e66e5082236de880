import { toCsv } from "../../format/csv";
import { isoIn, type Zone } from "../../format/zone";
import type { GrantFieldsFragment } from "../../gql/graphql";
import { grantState } from "./grantState";

/** Grants as a file, one a line, with the state in which they are now and the times of a zone. */
export function grantsCsv(grants: GrantFieldsFragment[], now: number, zone: Zone): string {
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
      isoIn(zone, grant.effectiveAt),
      grant.expiresAt && isoIn(zone, grant.expiresAt),
      grant.note,
      grant.reference,
    ]),
  );
}

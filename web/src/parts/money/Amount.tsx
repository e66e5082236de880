import { formatCredits, formatSigned } from "../../format/credits";
import type { Denomination } from "../../gql/graphql";

/** An exact amount of credits. */
export function Credits({ amount }: { amount: string }) {
  return <span>{formatCredits(amount)}</span>;
}

/** An amount of a grant, in credits or in units, with its word. */
export function Amount({
  amount,
  denomination,
  unit,
  signed = false,
}: {
  amount: string;
  denomination: Denomination;
  unit?: string;
  signed?: boolean;
}) {
  const text = signed ? formatSigned(amount) : formatCredits(amount);
  return (
    <span style={{ whiteSpace: "nowrap" }}>
      {text} <span className="muted">{denomination === "CREDITS" ? "cr" : (unit ?? "units")}</span>
    </span>
  );
}

import { formatCredits, formatFixed, formatSigned } from "../../format/credits";
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
  digits,
}: {
  amount: string;
  denomination: Denomination;
  unit?: string;
  signed?: boolean;
  /** How many digits after the point all amounts of the column have. */
  digits?: number;
}) {
  const text = signed ? formatSigned(amount) : digits === undefined ? formatCredits(amount) : formatFixed(amount, digits);
  return (
    <span style={{ whiteSpace: "nowrap" }}>
      {text} <span className="muted">{denomination === "CREDITS" ? "cr" : (unit ?? "units")}</span>
    </span>
  );
}

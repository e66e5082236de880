import { formatCredits, formatSigned } from "../../format/credits";
import { formatQuantity } from "../../format/quantity";
import type { Denomination } from "../../gql/graphql";

/** An exact amount of credits; `signed` shows a plus too. */
export function Credits({ amount, signed = false }: { amount: string; signed?: boolean }) {
  return <span>{signed ? formatSigned(amount) : formatCredits(amount)}</span>;
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

export function Quantity({ value }: { value: number }) {
  return <span>{formatQuantity(value)}</span>;
}

import { formatQuantity } from "../../format/quantity";
import type { ReconciliationFieldsFragment } from "../../gql/graphql";
import { Icon } from "../../parts/Icon";
import { RelativeTime } from "../../parts/time/Times";
import { Mismatches } from "./Mismatches";
import css from "./Proof.module.css";

/** One reconciliation: what it looked at, how long it took, what it found. */
export function Run({ run }: { run: ReconciliationFieldsFragment }) {
  const faults = run.mismatches.length;
  const took = run.finishedAt ? Date.parse(run.finishedAt) - Date.parse(run.startedAt) : null;
  return (
    <li className={css.run} data-bad={faults > 0 || undefined}>
      <span className={css.sign}>
        <Icon name={faults > 0 ? "alert" : "tick"} />
      </span>
      <div>
        <p>
          <strong>
            {!run.finishedAt
              ? "Under way"
              : faults === 0
                ? "Adds up"
                : `${formatQuantity(faults)} ${faults === 1 ? "mismatch" : "mismatches"}`}
          </strong>{" "}
          <span className="muted">
            <RelativeTime at={run.startedAt} />
            {took !== null && `, in ${new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 }).format(took / 1000)} s`}
          </span>
        </p>
        <p className="muted">
          {[
            counted(run.accounts, "account"),
            counted(run.usageEvents, "usage event"),
            counted(run.monetizationEvents, "monetization event"),
            counted(run.balanceUpdates, "balance update"),
          ].join(", ")}
        </p>
        {faults > 0 && (
          <details>
            <summary>See what differs</summary>
            <Mismatches mismatches={run.mismatches} />
          </details>
        )}
      </div>
    </li>
  );
}

function counted(count: number, what: string): string {
  return `${formatQuantity(count)} ${what}${count === 1 ? "" : "s"}`;
}

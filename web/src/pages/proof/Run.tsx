import { useState } from "react";
import { formatElapsed } from "../../format/time";
import type { ReconciliationFieldsFragment } from "../../gql/graphql";
import { Icon } from "../../parts/Icon";
import { useSlowNow } from "../../parts/time/ticker";
import { Moment } from "../../parts/time/Times";
import { capital } from "../../parts/words/words";
import { Mismatches } from "./Mismatches";
import css from "./Proof.module.css";
import { outcomeWords, runWords, scopeWords } from "./runWords";

/** What began earlier and is not done never will be: the server gives a reconciliation an hour at most. */
const longestMs = 65 * 60_000;

/** One reconciliation: what it looked at, how long it took, what it found. */
export function Run({ run }: { run: ReconciliationFieldsFragment }) {
  const now = useSlowNow();
  const [open, setOpen] = useState(false);
  const faults = run.mismatches.length;
  const began = Date.parse(run.startedAt);
  const took = run.finishedAt ? Date.parse(run.finishedAt) - began : null;
  const outcome = took !== null ? outcomeWords(run) : now - began < longestMs ? "Under way" : "Broke off";
  return (
    <li className={css.run} data-bad={faults > 0 || undefined}>
      <span className={css.sign}>
        <Icon name={faults > 0 ? "alert" : took === null ? "history" : "tick"} />
      </span>
      <div>
        <p>
          <strong>{outcome}</strong>{" "}
          <span className="muted">
            <Moment at={run.startedAt} />
            {took !== null && `, in ${formatElapsed(took)}`}
          </span>
        </p>
        <p className="muted">
          {took === null ? "Not known yet how many accounts" : capital(scopeWords(run))}: {runWords(run)}
        </p>
        {faults > 0 && (
          <details onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary>See what differs</summary>
            {open && <Mismatches mismatches={run.mismatches} />}
          </details>
        )}
      </div>
    </li>
  );
}

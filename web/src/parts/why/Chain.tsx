import { formatCredits, withCredits } from "../../format/credits";
import { formatQuantity, withUnit } from "../../format/quantity";
import { Amount } from "../money/Amount";
import { Moment } from "../time/Times";
import { sourceWords, ledgerWords, postingWords } from "../words/words";
import type { Explained } from "./explained";
import css from "./Why.module.css";

/** What the decision wrote: its usage event, what each part cost, and each posting that followed. */
export function Chain({ decision }: { decision: Explained }) {
  const { usageEvent, monetizationEvents, balanceUpdates, feature } = decision;
  if (!usageEvent && balanceUpdates.length === 0) {
    return (
      <p className="muted">
        {decision.status === "DENIED" ? "A denial uses nothing and costs nothing, so nothing was booked." : "Nothing is booked yet."}
      </p>
    );
  }
  return (
    <ul className={css.chain}>
      {usageEvent && (
        <li>
          <h4>Usage event</h4>
          <p>
            {withUnit(usageEvent.quantity, feature.unit)}, <Moment at={usageEvent.occurredAt} seconds />
          </p>
          <p className={css.ids}>
            <span className="mono">{usageEvent.id}</span>
          </p>
          <Metadata value={usageEvent.metadata} />
        </li>
      )}
      {monetizationEvents.map((event) => (
        <li key={event.id}>
          <h4>Monetization event</h4>
          <p>
            {withUnit(event.quantity, feature.unit)} from {sourceWords[event.kind].toLowerCase()} for {withCredits(event.credits)}
            {event.price && (
              <span className="muted">
                {" "}
                (price version {event.price.version}: {formatCredits(event.price.credits)} per {formatQuantity(event.price.per)})
              </span>
            )}
          </p>
          <p className={css.ids}>
            <span className="mono">{event.id}</span>
          </p>
        </li>
      ))}
      {balanceUpdates.map((update) => (
        <li key={update.id}>
          <h4>Posting {formatQuantity(update.sequence)}</h4>
          <p>
            {postingWords[update.kind]}{" "}
            <Amount amount={update.amount} denomination={update.grant.denomination} unit={feature.unit} signed /> against{" "}
            {ledgerWords[update.counterAccount]};{" "}
            <Amount amount={update.balanceAfter} denomination={update.grant.denomination} unit={feature.unit} /> left in the grant
            {update.grant.note ? ` “${update.grant.note}”` : ""}
          </p>
          <p className={css.ids}>
            <span className="mono">{update.hash}</span>
          </p>
        </li>
      ))}
    </ul>
  );
}

function Metadata({ value }: { value: unknown }) {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) return null;
  return (
    <dl className={css.metadata}>
      {Object.entries(value).map(([name, label]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{typeof label === "string" ? label : JSON.stringify(label)}</dd>
        </div>
      ))}
    </dl>
  );
}

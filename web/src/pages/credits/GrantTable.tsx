import type { ReactNode } from "react";
import { digitsOf, formatCredits, isZero } from "../../format/credits";
import type { GrantFieldsFragment } from "../../gql/graphql";
import { Icon } from "../../parts/Icon";
import { Amount } from "../../parts/money/Amount";
import { Moment } from "../../parts/time/Times";
import { useNow } from "../../parts/time/ticker";
import { kindIcons, sourceWords, periodWords } from "../../parts/words/words";
import css from "./Credits.module.css";
import { grantState, grantStateWords } from "./grantState";

interface Digits {
  remaining: number;
  amount: number;
}

const units: Digits = { remaining: 0, amount: 0 };

/** Grants, one a row: what is left of each, and in which order they are spent. */
export function GrantTable({ grants, actions }: { grants: GrantFieldsFragment[]; actions?: (grant: GrantFieldsFragment) => ReactNode }) {
  const now = useNow();
  const inCredits = grants.filter(({ denomination }) => denomination === "CREDITS");
  const digits = { remaining: digitsOf(inCredits.map(({ remaining }) => remaining)), amount: digitsOf(inCredits.map(({ amount }) => amount)) };
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of grants">
      <table className="table">
        <thead>
          <tr>
            <th>Credit</th>
            <th>State</th>
            <th className="number">Remaining</th>
            <th className="number">Original</th>
            <th>For</th>
            <th className="number" title="Low numbers are spent first">
              Priority
            </th>
            <th>Starts</th>
            <th>Expires</th>
            {actions && (
              <th className="act">
                <span className="unseen">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {grants.map((grant) => (
            <Row
              key={grant.id}
              grant={grant}
              now={now}
              digits={grant.denomination === "CREDITS" ? digits : units}
              actions={actions}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  grant: GrantFieldsFragment;
  now: number;
  digits: Digits;
  actions?: (grant: GrantFieldsFragment) => ReactNode;
}

function Row({ grant, now, digits, actions }: RowProps) {
  const state = grantState(grant, now);
  const unit = grant.features?.[0]?.unit;
  return (
    <tr data-grant={grant.id} className={css.grant} data-state={state}>
      <td>
        <span className={css.kind} data-kind={grant.kind}>
          <Icon name={kindIcons[grant.kind]} size={17} />
          {sourceWords[grant.kind]}
        </span>
        <span className={css.note}>{[grant.note, grant.reference].filter(Boolean).join(" · ")}</span>
      </td>
      <td>
        <span className={css.state} data-state={state}>
          {grantStateWords[state]}
        </span>
      </td>
      <td className="number">
        <Amount amount={grant.remaining} denomination={grant.denomination} unit={unit} digits={digits.remaining} />
        {!isZero(grant.held) && <span className={css.note}>{formatCredits(grant.held)} on hold</span>}
      </td>
      <td className="number">
        <Amount amount={grant.amount} denomination={grant.denomination} unit={unit} digits={digits.amount} />
        {grant.recurrence && (
          <span className={css.note}>
            each {periodWords[grant.recurrence]},{" "}
            {grant.rolloverLimit && !isZero(grant.rolloverLimit)
              ? `up to ${formatCredits(grant.rolloverLimit)} roll over`
              : "nothing rolls over"}
          </span>
        )}
      </td>
      <td>{grant.features ? grant.features.map(({ name }) => name).join(", ") : "every feature"}</td>
      <td className="number">{grant.priority}</td>
      <td>
        <Moment at={grant.effectiveAt} />
      </td>
      <td>{grant.expiresAt ? <Moment at={grant.expiresAt} /> : <span className="muted">never</span>}</td>
      {actions && <td className="act">{state === "void" || state === "expired" ? null : actions(grant)}</td>}
    </tr>
  );
}

import { useState } from "react";
import { useAction } from "../../../api/useAction";
import { useData } from "../../../api/useData";
import { addCredits, formatCredits, isZero, withCredits } from "../../../format/credits";
import { newKey } from "../../../format/key";
import { formatExact } from "../../../format/time";
import { CreateGrantDocument, PlansDocument } from "../../../gql/graphql";
import { ActionDialog, Change } from "../../../parts/actions/ActionDialog";
import { Amount } from "../../../parts/money/Amount";
import { useZone } from "../../../parts/time/zone";
import { sourceWords, periodWords } from "../../../parts/words/words";
import type { AccountHead } from "../accountHead";
import { GrantFields } from "./GrantFields";
import { amountOf, isValid, normal, start, toInput, type Fields } from "./grantFields";

interface Props {
  account: AccountHead;
  onClose: () => void;
  onDone: () => void;
}

/** Gives the account credits, or units of a feature. */
export function GrantAction({ account, onClose, onDone }: Props) {
  const [fields, setFields] = useState(start);
  // One key for this dialog: a second try after a lost answer never grants twice.
  const [idempotencyKey] = useState(newKey);
  const features = useData(PlansDocument, {}).data?.features ?? [];
  const action = useAction(CreateGrantDocument);
  const granted = action.result?.createGrant;
  const set = (change: Partial<Fields>) => setFields((before) => normal({ ...before, ...change }));
  const unit = features.find(({ key }) => key === fields.feature)?.unit;

  return (
    <ActionDialog
      title={`Give ${account.name} a grant`}
      verb="Give the grant"
      onClose={onClose}
      onSubmit={(reason) =>
        void action.run({ input: { accountId: account.id, ...toInput(fields), idempotencyKey, reason } }).then((done) => done && onDone())
      }
      running={action.running}
      fault={action.fault}
      valid={isValid(fields, Date.now())}
      result={
        granted && (
          <>
            <bdi>{account.name}</bdi> has{" "}
            <strong>
              <Amount amount={granted.amount} denomination={granted.denomination} unit={granted.features?.[0]?.unit} />
            </strong>{" "}
            more as {sourceWords[granted.kind].toLowerCase()}.
          </>
        )
      }
      effect={
        <>
          <Effect fields={fields} available={account.balance.available} unit={unit} />
          {isValid(fields, Date.now()) && <Terms fields={fields} />}
        </>
      }
    >
      <GrantFields fields={fields} set={set} features={features} />
    </ActionDialog>
  );
}

/** What the grant will change, before it is given. */
function Effect({ fields, available, unit }: { fields: Fields; available: string; unit: string | undefined }) {
  const zone = useZone();
  if (!isValid(fields, Date.now())) return <p>Fill in an amount to see what will change.</p>;
  const amount = amountOf(fields.amount) ?? "0";
  const later = fields.effectiveAt && Date.parse(fields.effectiveAt) > Date.now();
  if (fields.denomination === "UNITS") {
    return (
      <p>
        {formatCredits(amount)} {unit ?? "units"} can be used{" "}
        {later ? `from ${formatExact(Date.parse(fields.effectiveAt), zone)}` : "at once"}. The balance in credits stays {formatCredits(available)}
        .
      </p>
    );
  }
  if (later) {
    return (
      <p>
        {withCredits(amount)} can be spent from {formatExact(Date.parse(fields.effectiveAt), zone)}. Until then the balance stays{" "}
        {formatCredits(available)}.
      </p>
    );
  }
  return <Change name="Credits available" from={formatCredits(available)} to={formatCredits(addCredits(available, amount))} />;
}

/** When what is given lapses, and when it is given anew. */
function Terms({ fields }: { fields: Fields }) {
  const zone = useZone();
  const { expiresAt, recurrence, rolloverLimit } = toInput(fields);
  return (
    <>
      {recurrence && (
        <p>
          The same again each {periodWords[recurrence]};{" "}
          {rolloverLimit && !isZero(rolloverLimit)
            ? `of what is left up to ${formatCredits(rolloverLimit)} roll over.`
            : "what is left then lapses."}
        </p>
      )}
      {expiresAt && (
        <p>
          {recurrence ? "The last of it lapses" : "What is left of it lapses"} on {formatExact(Date.parse(expiresAt), zone)}.
        </p>
      )}
    </>
  );
}

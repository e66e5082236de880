import { NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { useAction } from "../../../api/useAction";
import { useData } from "../../../api/useData";
import { addCredits, formatCredits, fromMicros, isCredits, isZero, toMicros } from "../../../format/credits";
import { newKey } from "../../../format/key";
import { formatExact } from "../../../format/time";
import { CreateGrantDocument, PlansDocument, type BucketKind, type CalendarPeriod, type Denomination } from "../../../gql/graphql";
import { ActionDialog, Change } from "../../../parts/actions/ActionDialog";
import { Amount } from "../../../parts/money/Amount";
import { kindWords } from "../../../parts/words/words";
import type { AccountHead } from "../AccountPage";
import css from "./Actions.module.css";

interface Props {
  account: AccountHead;
  onClose: () => void;
  onDone: () => void;
}

interface Fields {
  kind: BucketKind;
  denomination: Denomination;
  amount: string;
  feature: string;
  priority: string;
  effectiveAt: string;
  expiresAt: string;
  recurrence: CalendarPeriod | "";
  rolloverLimit: string;
  note: string;
  reference: string;
}

const start: Fields = {
  kind: "CREDIT",
  denomination: "CREDITS",
  amount: "",
  feature: "",
  priority: "100",
  effectiveAt: "",
  expiresAt: "",
  recurrence: "",
  rolloverLimit: "",
  note: "",
  reference: "",
};

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
      valid={isValid(fields)}
      result={
        granted && (
          <>
            {account.name} has{" "}
            <strong>
              <Amount amount={granted.amount} denomination={granted.denomination} unit={granted.features?.[0]?.unit} />
            </strong>{" "}
            more as {kindWords[granted.kind].toLowerCase()}.
          </>
        )
      }
      effect={<Effect fields={fields} available={account.balance.available} unit={unit} />}
    >
      <GrantFields fields={fields} set={set} features={features} />
    </ActionDialog>
  );
}

/** Credits are always in credits; units always belong to a feature. */
function normal(fields: Fields): Fields {
  return fields.kind === "CREDIT" ? { ...fields, denomination: "CREDITS" } : fields;
}

function isValid({ amount, denomination, feature, priority, effectiveAt, expiresAt, rolloverLimit }: Fields): boolean {
  const whole = denomination === "CREDITS" || /^\d+$/.test(amount);
  const ordered = !expiresAt || Date.parse(expiresAt) > (effectiveAt ? Date.parse(effectiveAt) : Date.now());
  return (
    isCredits(amount) &&
    !isZero(amount) &&
    !amount.startsWith("-") &&
    whole &&
    (denomination === "CREDITS" || feature !== "") &&
    /^-?\d{1,9}$/.test(priority) &&
    ordered &&
    (rolloverLimit === "" || isCredits(rolloverLimit))
  );
}

function toInput(fields: Fields) {
  return {
    kind: fields.kind,
    denomination: fields.denomination,
    amount: canonical(fields.amount),
    features: fields.feature ? [fields.feature] : null,
    priority: Number(fields.priority),
    effectiveAt: toMoment(fields.effectiveAt),
    expiresAt: toMoment(fields.expiresAt),
    recurrence: fields.recurrence || null,
    rolloverLimit: fields.recurrence && fields.rolloverLimit ? canonical(fields.rolloverLimit) : null,
    note: fields.note.trim() || null,
    reference: fields.reference.trim() || null,
  };
}

/** As the API writes amounts: without the zeros that a person may type. */
function canonical(amount: string): string {
  return fromMicros(toMicros(amount));
}

function toMoment(local: string): string | null {
  return local ? new Date(local).toISOString() : null;
}

function Effect({ fields, available, unit }: { fields: Fields; available: string; unit: string | undefined }) {
  if (!isValid(fields)) return <p>Fill in an amount to see what will change.</p>;
  const later = fields.effectiveAt && Date.parse(fields.effectiveAt) > Date.now();
  if (fields.denomination === "UNITS") {
    return (
      <p>
        {formatCredits(fields.amount)} {unit ?? "units"} can be used{" "}
        {later ? `from ${formatExact(Date.parse(fields.effectiveAt))}` : "at once"}. The balance in credits stays {formatCredits(available)}
        .
      </p>
    );
  }
  if (later) {
    return (
      <p>
        {formatCredits(fields.amount)} credits become available at {formatExact(Date.parse(fields.effectiveAt))}. Until then the balance
        stays {formatCredits(available)}.
      </p>
    );
  }
  return <Change name="Credits available" from={formatCredits(available)} to={formatCredits(addCredits(available, fields.amount))} />;
}

interface FieldProps {
  fields: Fields;
  set: (change: Partial<Fields>) => void;
  features: { key: string; name: string }[];
}

function GrantFields({ fields, set, features }: FieldProps) {
  return (
    <>
      <div className={css.pair}>
        <NativeSelect
          label="Kind"
          value={fields.kind}
          onChange={(event) => set({ kind: event.currentTarget.value as BucketKind })}
          data={(["CREDIT", "PROMOTION", "ENTITLEMENT"] as const).map((value) => ({ value, label: kindWords[value] }))}
        />
        <NativeSelect
          label="In"
          value={fields.denomination}
          disabled={fields.kind === "CREDIT"}
          onChange={(event) => set({ denomination: event.currentTarget.value as Denomination })}
          data={[
            { value: "CREDITS", label: "Credits" },
            { value: "UNITS", label: "Units of a feature" },
          ]}
        />
        <TextInput
          label="Amount"
          value={fields.amount}
          onChange={(event) => set({ amount: event.currentTarget.value.trim() })}
          inputMode="decimal"
          error={fields.amount !== "" && !isCredits(fields.amount) ? "Digits, a point, at most six digits after it" : undefined}
          required
          data-autofocus
          autoComplete="off"
        />
        <NativeSelect
          label="For"
          value={fields.feature}
          onChange={(event) => set({ feature: event.currentTarget.value })}
          data={[
            { value: "", label: fields.denomination === "UNITS" ? "Choose a feature" : "Every feature" },
            ...features.map(({ key, name }) => ({ value: key, label: name })),
          ]}
        />
      </div>
      <details className={css.more}>
        <summary>When, how often, in which order</summary>
        <div className={css.pair}>
          <TextInput
            label="Starts"
            description="Empty: at once"
            type="datetime-local"
            value={fields.effectiveAt}
            onChange={(event) => set({ effectiveAt: event.currentTarget.value })}
          />
          <TextInput
            label="Expires"
            description="Empty: never"
            type="datetime-local"
            value={fields.expiresAt}
            onChange={(event) => set({ expiresAt: event.currentTarget.value })}
          />
          <NativeSelect
            label="Again each"
            value={fields.recurrence}
            onChange={(event) => set({ recurrence: event.currentTarget.value as CalendarPeriod | "" })}
            data={[
              { value: "", label: "Once" },
              { value: "DAY", label: "Day" },
              { value: "WEEK", label: "Week" },
              { value: "MONTH", label: "Month" },
            ]}
          />
          <TextInput
            label="Rolls over up to"
            disabled={!fields.recurrence}
            value={fields.rolloverLimit}
            onChange={(event) => set({ rolloverLimit: event.currentTarget.value.trim() })}
            inputMode="decimal"
            autoComplete="off"
          />
          <TextInput
            label="Priority"
            description="Low numbers are spent first"
            value={fields.priority}
            onChange={(event) => set({ priority: event.currentTarget.value.trim() })}
            inputMode="numeric"
            autoComplete="off"
          />
          <TextInput
            label="Reference"
            description="Payment, contract or campaign"
            value={fields.reference}
            onChange={(event) => set({ reference: event.currentTarget.value })}
            autoComplete="off"
          />
        </div>
      </details>
      <TextInput
        label="Note"
        description="The account's users see it."
        value={fields.note}
        onChange={(event) => set({ note: event.currentTarget.value })}
        autoComplete="off"
      />
    </>
  );
}

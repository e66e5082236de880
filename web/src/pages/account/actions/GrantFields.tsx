import { Button, NativeSelect, TextInput } from "@mantine/core";
import type { BucketKind, CalendarPeriod, Denomination } from "../../../gql/graphql";
import { AmountField } from "../../../parts/money/AmountField";
import { sourceWords } from "../../../parts/words/words";
import css from "./Actions.module.css";
import { endOfMonth, type Fields } from "./grantFields";

interface Props {
  fields: Fields;
  set: (change: Partial<Fields>) => void;
  features: { key: string; name: string; unit: string }[];
}

/** The form of a grant; what is seldom needed is folded away. */
export function GrantFields({ fields, set, features }: Props) {
  return (
    <>
      <div className={css.pair}>
        <NativeSelect
          label="Kind"
          value={fields.kind}
          onChange={(event) => set({ kind: event.currentTarget.value as BucketKind })}
          data={(["CREDIT", "PROMOTION", "ENTITLEMENT"] as const).map((value) => ({ value, label: sourceWords[value] }))}
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
        <AmountField
          label="Amount"
          value={fields.amount}
          onChange={(amount) => set({ amount })}
          unit={fields.denomination === "UNITS" ? (features.find(({ key }) => key === fields.feature)?.unit ?? "unit") : undefined}
          required
          focus
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
      <div className="row" role="group" aria-label="Often given">
        {["10", "50"].map((amount) => (
          <Button key={amount} variant="light" size="compact-sm" onClick={() => set({ amount })}>
            +{amount}
          </Button>
        ))}
        <Button variant="light" size="compact-sm" onClick={() => set({ expiresAt: endOfMonth(new Date()) })}>
          Until the end of the month
        </Button>
      </div>
      <details className={css.more}>
        <summary>When, how often, in which order</summary>
        <div className={css.pair}>
          <TextInput
            label="Starts"
            description="Leave empty to start at once"
            type="datetime-local"
            value={fields.effectiveAt}
            onChange={(event) => set({ effectiveAt: event.currentTarget.value })}
          />
          <TextInput
            label="Expires"
            description="Leave empty for never"
            type="datetime-local"
            value={fields.expiresAt}
            onChange={(event) => set({ expiresAt: event.currentTarget.value })}
          />
          <NativeSelect
            label="Repeat"
            value={fields.recurrence}
            onChange={(event) => set({ recurrence: event.currentTarget.value as CalendarPeriod | "" })}
            data={[
              { value: "", label: "Never" },
              { value: "DAY", label: "Every day" },
              { value: "WEEK", label: "Every week" },
              { value: "MONTH", label: "Every month" },
            ]}
          />
          <AmountField
            label="Rolls over up to"
            disabled={!fields.recurrence}
            value={fields.rolloverLimit}
            onChange={(rolloverLimit) => set({ rolloverLimit })}
            unit={fields.denomination === "UNITS" ? "unit" : undefined}
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

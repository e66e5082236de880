import { NativeSelect, TextInput } from "@mantine/core";
import { isCredits } from "../../../format/credits";
import type { BucketKind, CalendarPeriod, Denomination } from "../../../gql/graphql";
import { kindWords } from "../../../parts/words/words";
import css from "./Actions.module.css";
import type { Fields } from "./grantFields";

interface Props {
  fields: Fields;
  set: (change: Partial<Fields>) => void;
  features: { key: string; name: string }[];
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

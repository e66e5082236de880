import { NativeSelect } from "@mantine/core";
import { useState } from "react";
import { useAction } from "../../../api/useAction";
import { formatCredits, toMicros, withCredits } from "../../../format/credits";
import { SetSpendCapDocument, type CalendarPeriod } from "../../../gql/graphql";
import { ActionDialog, Change } from "../../../parts/actions/ActionDialog";
import { capital, periodWords } from "../../../parts/words/words";
import type { AccountHead } from "../accountHead";
import { AmountField } from "../../../parts/money/AmountField";
import { writtenSafely } from "../../../format/typed";
import css from "./Actions.module.css";
import { amountOf } from "./grantFields";

/** Limits what may be drawn from credits in a calendar period, or lifts that limit. */
export function SpendCapAction({ account, onClose, onDone }: { account: AccountHead; onClose: () => void; onDone: () => void }) {
  const cap = account.spendCap;
  const [text, setText] = useState(cap ? writtenSafely(cap.limit) : "");
  const [period, setPeriod] = useState<CalendarPeriod>(cap?.period ?? "MONTH");
  const action = useAction(SetSpendCapDocument);
  const limit = text.trim() === "" ? "" : (amountOf(text) ?? null);
  const valid = limit === "" ? cap !== null : limit !== null;
  const name = (of: { limit: string; period: CalendarPeriod }) => `${withCredits(of.limit)} a ${periodWords[of.period]}`;
  const set = action.result?.setSpendCap.spendCap;
  const reached = cap && limit && period === cap.period && toMicros(limit) <= toMicros(cap.spent);
  return (
    <ActionDialog
      title={`Spend cap of ${account.name}`}
      verb={limit === "" ? "Lift the cap" : "Set the cap"}
      onClose={onClose}
      onSubmit={(reason) =>
        void action
          .run({ accountId: account.id, limit: limit || null, period, reason })
          .then((done) => done && onDone())
      }
      running={action.running}
      fault={action.fault}
      valid={valid}
      result={
        action.result &&
        (set ? (
          <>
            At most {name(set)} can be drawn now; {formatCredits(set.spent)} already were.
          </>
        ) : (
          <>There is no spend cap any more.</>
        ))
      }
      effect={
        <>
          <Change name="Spend cap" from={cap ? name(cap) : "none"} to={limit === "" ? "none" : limit ? name({ limit, period }) : "…"} />
          {cap && (
            <p>
              {capital(withCredits(cap.spent))} were drawn in this {periodWords[cap.period]}.
            </p>
          )}
          {reached && <p>That is reached already: credits pay for nothing until the next {periodWords[period]}.</p>}
        </>
      }
    >
      <div className={css.pair}>
        <AmountField label="At most" description="Credits; leave empty for no cap" value={text} onChange={setText} focus />
        <NativeSelect
          label="In each"
          value={period}
          onChange={(event) => setPeriod(event.currentTarget.value as CalendarPeriod)}
          data={[
            { value: "DAY", label: "Day (UTC)" },
            { value: "WEEK", label: "Week (UTC)" },
            { value: "MONTH", label: "Month (UTC)" },
          ]}
        />
      </div>
    </ActionDialog>
  );
}

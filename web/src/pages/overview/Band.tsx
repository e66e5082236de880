import { Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { formatCredits, forDrawing, isZero, toMicros, withCredits } from "../../format/credits";
import type { BalanceFieldsFragment, OverviewQuery } from "../../gql/graphql";
import { Moment } from "../../parts/time/Times";
import { periodWords } from "../../parts/words/words";
import css from "./Overview.module.css";

type SpendCap = NonNullable<OverviewQuery["account"]>["spendCap"];

interface Props {
  balance: BalanceFieldsFragment | null;
  /** What was spent in the month, net of refunds. */
  spent: string | null;
  month: string;
  cap: SpendCap;
  runsOut: { when: ReactNode; note: ReactNode } | null;
}

/** The account's credits in one line: what there is, what went this month, how long it lasts, what would lapse, and the cap. */
export function Band({ balance, spent, month, cap, runsOut }: Props) {
  return (
    <section className={`card ${css.band}`} aria-label="Credits">
      <dl>
        <Cell name="Balance" value={balance && <Amount amount={balance.available} figure="balance" />}>
          {balance && !isZero(balance.held) ? `and ${formatCredits(balance.held)} on hold` : "can be spent now"}
        </Cell>
        <Cell name={`Spent in ${month}`} value={spent !== null && <Amount amount={spent} figure="spent" />}>
          without what was refunded
        </Cell>
        <Cell name="Runs out" value={runsOut?.when}>
          {runsOut?.note}
        </Cell>
        <Cell name="Expiring soon" value={balance && <Amount amount={balance.expiringSoon} figure="expiring" />}>
          {balance?.nextExpiryAt ? (
            <>
              {isZero(balance.expiringSoon) ? "none within 7 days; next " : "first "}
              <Moment at={balance.nextExpiryAt} />
            </>
          ) : (
            "nothing lapses"
          )}
        </Cell>
        {cap && <Cap cap={cap} />}
      </dl>
    </section>
  );
}

function Cell({ name, value, children }: { name: string; value: ReactNode; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={css.value}>{value || <Skeleton height={22} width={90} my={4} />}</dd>
      <dd className={css.note}>{children}</dd>
    </div>
  );
}

function Amount({ amount, figure }: { amount: string; figure: string }) {
  return (
    <>
      <span data-figure={figure}>{formatCredits(amount)}</span> <small>credits</small>
    </>
  );
}

function Cap({ cap }: { cap: NonNullable<SpendCap> }) {
  const share = toMicros(cap.limit) === 0n ? 1 : Math.min(1, forDrawing(cap.spent) / forDrawing(cap.limit));
  const reached = toMicros(cap.spent) >= toMicros(cap.limit);
  return (
    <div data-reached={reached || undefined}>
      <dt>Spend cap, {periodWords[cap.period]}</dt>
      <dd className={css.value}>
        <span data-figure="capSpent">{formatCredits(cap.spent)}</span> <small>of {withCredits(cap.limit)}</small>
      </dd>
      <dd className={css.note}>
        <span className={css.meter} style={{ "--level": share }} aria-hidden="true" />
        {reached ? "Reached. " : ""}Resets <Moment at={cap.resetsAt} />
      </dd>
    </div>
  );
}

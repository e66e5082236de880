import { Skeleton } from "@mantine/core";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { serverNow } from "../../api/clock";
import { forDrawing, formatAbout, formatCredits, isZero, toMicros, withCredits } from "../../format/credits";
import { formatDate } from "../../format/time";
import { BurnDownDocument, type BalanceFieldsFragment, type OverviewQuery } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { useTurns } from "../../parts/time/ticker";
import { Countdown, RelativeTime } from "../../parts/time/Times";
import { useZone } from "../../parts/time/zone";
import { periodWords } from "../../parts/words/words";
import { burnLine, dailySpend, runsOutAt } from "./forecast";
import css from "./Overview.module.css";

const BurnChart = lazy(() => import("./BurnChart"));

const day = 86_400_000;
const days = 7;

type SpendCap = NonNullable<OverviewQuery["account"]>["spendCap"];

/** The credits behind the features: what there is, what is reserved, what will lapse, and when all will be gone. */
export function CreditsPanel({ accountId, balance, spendCap }: { accountId: string; balance: BalanceFieldsFragment; spendCap: SpendCap }) {
  // Whole minutes, the present one included; the line's last point is the live balance. A page that stays open moves on each hour.
  const hour = useTurns(3_600_000);
  const now = useMemo(() => Math.ceil(serverNow() / 60_000) * 60_000, [hour]);
  const past = useMemo(() => [6, 5, 4, 3, 2, 1].map((ago) => now - ago * day), [now]);
  const [a, b, c, d, e, f] = past.map((at) => new Date(at).toISOString()) as [string, string, string, string, string, string];
  const { data, fault, reload } = useData(BurnDownDocument, {
    accountId,
    from: new Date(now - days * day).toISOString(),
    to: new Date(now).toISOString(),
    a,
    b,
    c,
    d,
    e,
    f,
  });
  useRefresh(reload, balance.available, 10_000);
  const account = data?.account;
  const daily = account ? dailySpend(account.usage, days) : null;
  const empty = isZero(balance.available);
  const outAt = daily && !empty ? runsOutAt(balance.available, daily, now) : null;
  const zone = useZone();
  const inSight = outAt === null ? "Not in sight" : formatDate(outAt, zone);

  return (
    <section className={`card ${css.panel}`} aria-label="Credits">
      <h2>Credits</h2>
      <dl className="tiles" style={{ margin: 0 }}>
        <Tile name="Available" amount={balance.available} note="can be spent now" />
        <Tile name="On hold" amount={balance.held} note="reserved by open holds" />
        <Tile
          name="Expiring soon"
          amount={balance.expiringSoon}
          note={
            balance.nextExpiryAt && !isZero(balance.expiringSoon) ? (
              <>
                first <RelativeTime at={balance.nextExpiryAt} />
              </>
            ) : (
              "nothing within 7 days"
            )
          }
        />
        <div className={css.tile}>
          <dt>Runs out</dt>
          <dd>{empty ? "Nothing left" : daily !== null ? inSight : fault ? "–" : <Skeleton height={28} width={120} />}</dd>
          <dd>
            {daily === null
              ? " "
              : isZero(daily)
                ? "none were spent in 7 days"
                : outAt !== null
                  ? `at about ${formatAbout(daily)} a day, as in the last ${days} days`
                  : `about ${formatAbout(daily)} a day were spent in ${days} days`}
          </dd>
        </div>
      </dl>
      {spendCap && <SpendCapMeter cap={spendCap} />}
      {account && daily !== null ? (
        <Suspense fallback={<Skeleton height={240} radius="md" />}>
          <BurnChart
            line={burnLine(
              past.map((at, index) => ({
                at,
                available: [account.a, account.b, account.c, account.d, account.e, account.f][index]!.available,
              })),
              balance.available,
              daily,
              now,
            )}
          />
        </Suspense>
      ) : fault ? (
        <FaultNotice fault={fault} what="Loading the past balances" onRetry={reload} />
      ) : (
        <Skeleton height={240} radius="md" />
      )}
    </section>
  );
}

function Tile({ name, amount, note }: { name: string; amount: string; note: ReactNode }) {
  return (
    <div className={css.tile}>
      <dt>{name}</dt>
      <dd>
        {formatCredits(amount)} <small>credits</small>
      </dd>
      <dd>{note}</dd>
    </div>
  );
}

function SpendCapMeter({ cap }: { cap: NonNullable<SpendCap> }) {
  const share = toMicros(cap.limit) === 0n ? 1 : Math.min(1, forDrawing(cap.spent) / forDrawing(cap.limit));
  return (
    <div className={css.cap}>
      <span>
        Spend cap: {formatCredits(cap.spent)} of {withCredits(cap.limit)} this {periodWords[cap.period]}, anew in{" "}
        <Countdown to={cap.resetsAt} />
      </span>
      <div className={css.meter} style={{ "--level": share }} aria-hidden="true">
        <span />
      </div>
    </div>
  );
}

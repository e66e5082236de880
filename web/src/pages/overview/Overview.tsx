import { useEffect, useMemo, useRef, type ReactNode } from "react";
import { useSubscription } from "urql";
import { learnServerTime, serverNow } from "../../api/clock";
import { toFault } from "../../api/fault";
import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { formatAbout, isZero } from "../../format/credits";
import { formatDate } from "../../format/time";
import { BalanceNowDocument, BucketsNowDocument, OverviewDocument } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice, LivePaused } from "../../parts/feedback/FaultNotice";
import { Notice } from "../../parts/feedback/Notice";
import { PageTitle } from "../../parts/shell/PageTitle";
import { useTurns } from "../../parts/time/ticker";
import { useZone } from "../../parts/time/zone";
import { Band } from "./Band";
import { FeatureRow } from "./FeatureRow";
import { forecastDays } from "./forecast";
import { ForecastPanel } from "./ForecastPanel";
import { monthOf } from "./month";
import { OpenHolds } from "./OpenHolds";
import css from "./Overview.module.css";
import { OverviewSkeleton } from "./OverviewSkeleton";
import { useBurnDown, type BurnDown } from "./useBurnDown";

interface Props {
  accountId: string;
  userId: string;
  /** The page's own heading; an admin's account page has another one. */
  withTitle?: boolean;
}

/** An account's credits in one band, then for each feature what is left, what it costs after that and when more comes back. */
export function Overview({ accountId, userId, withTitle = false }: Props) {
  const zone = useZone();
  const minute = useTurns(60_000);
  const month = useMemo(() => monthOf(serverNow(), zone), [minute, zone]);
  const { data, fault, outdated, fresh, reload } = useData(OverviewDocument, { accountId, userId, monthFrom: month.from, monthTo: month.to });
  const [live, followBuckets] = useSubscription({ query: BucketsNowDocument, variables: { accountId, userId } });
  const [liveBalance, followBalance] = useSubscription({ query: BalanceNowDocument, variables: { accountId } });
  const lost = live.error ?? liveBalance.error;
  const account = data?.account;
  // What is live tells that something changed; what it means is asked for in one piece, so that the figures fit each
  // other. Of a suspension or a price nothing live tells, so the account is asked for again each minute.
  const told = useRef("");
  const newer = JSON.stringify([live.data?.buckets ?? account?.buckets, liveBalance.data?.balance.sequence ?? account?.balance.sequence]);
  if (account && newer !== JSON.stringify([account.buckets, account.balance.sequence])) told.current = newer;
  const askedAt = useRefresh(reload, `${minute} ${told.current}`);
  const asOf = fresh ? account?.balance.asOf : undefined;
  useEffect(() => {
    // An answer's own time is at most as old as the question: good enough for countdowns.
    if (asOf) learnServerTime(Date.parse(asOf), askedAt.current, Date.now());
  }, [asOf, askedAt]);
  const burnDown = useBurnDown(accountId, account?.balance.available ?? "0");

  if (fault) return <FaultNotice fault={fault} what="Loading the account" onRetry={reload} />;
  if (!data) return <OverviewSkeleton withTitle={withTitle} month={month.name} />;
  if (!account) return <Empty title="There is no such account" />;
  const suspended = account.status === "SUSPENDED";
  const { features } = account.plan;
  return (
    <>
      {withTitle && (
        <PageTitle
          title="Overview"
          sub={
            <>
              <bdi>{account.name}</bdi> on the plan <bdi>{account.plan.name}</bdi>
            </>
          }
        />
      )}
      {lost && (
        <LivePaused
          fault={toFault(lost)}
          onRetry={() => {
            followBuckets();
            followBalance();
          }}
        />
      )}
      {outdated && <FaultNotice fault={outdated} what="Asking again" onRetry={reload} />}
      {suspended && (
        <Notice tone="deny">This account is suspended: every request is denied until an administrator activates it again.</Notice>
      )}
      <Band
        balance={account.balance}
        spent={account.spent}
        month={month.name}
        cap={account.spendCap}
        runsOut={runsOutWords(account.balance.available, burnDown, zone)}
      />
      {features.length === 0 ? (
        <section className="card">
          <Empty title="The plan has no features yet">An administrator adds them under Plans.</Empty>
        </section>
      ) : (
        <div className={css.features}>
          {features.map(({ feature, waterfall, ceilings }) => {
            const preview = account.previews.find((one) => one.feature.key === feature.key);
            return (
              preview && (
                <FeatureRow
                  key={`${account.plan.key}/${account.plan.version}/${feature.key}`}
                  feature={feature}
                  waterfall={waterfall}
                  ceilings={ceilings}
                  buckets={account.buckets.filter((bucket) => bucket.feature.key === feature.key)}
                  preview={preview}
                  suspended={suspended}
                  open={features.length === 1}
                />
              )
            );
          })}
        </div>
      )}
      <ForecastPanel burnDown={burnDown} />
      <OpenHolds accountId={accountId} />
    </>
  );
}

function runsOutWords(available: string, { daily, outAt, basis, fault }: BurnDown, zone: string): { when: ReactNode; note: ReactNode } | null {
  if (isZero(available)) return { when: "Nothing left", note: "add credits to go on" };
  if (fault) return { when: "–", note: "could not be worked out" };
  if (daily === null) return null;
  if (isZero(daily)) return { when: outAt === null ? "–" : formatDate(outAt, zone), note: basis };
  return {
    when: outAt === null ? `More than ${forecastDays} days` : formatDate(outAt, zone),
    note: `at this pace, about ${formatAbout(daily)} credits a day`,
  };
}

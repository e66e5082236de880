import { useSubscription } from "urql";
import { toFault } from "../../api/fault";
import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { BalanceNowDocument, BucketsNowDocument, OverviewDocument } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { Notice } from "../../parts/feedback/Notice";
import { PageSkeleton } from "../../parts/feedback/PageSkeleton";
import { PageTitle } from "../../parts/shell/PageTitle";
import { useTurns } from "../../parts/time/ticker";
import { CreditsPanel } from "./CreditsPanel";
import { FeatureCard } from "./FeatureCard";
import { OpenHolds } from "./OpenHolds";
import css from "./Overview.module.css";

interface Props {
  accountId: string;
  userId: string;
  /** The page's own heading; an admin's account page has another one. */
  withTitle?: boolean;
}

/** What an account's user can still do, what pays now, and when more comes back; then the credits behind it. */
export function Overview({ accountId, userId, withTitle = false }: Props) {
  const { data, fault, reload } = useData(OverviewDocument, { accountId, userId });
  const [live, followBuckets] = useSubscription({ query: BucketsNowDocument, variables: { accountId, userId } });
  const [liveBalance, followBalance] = useSubscription({ query: BalanceNowDocument, variables: { accountId } });
  const lost = live.error ?? liveBalance.error;
  // Another plan has other buckets. Of a suspension nothing live tells, so the account is asked for again each minute.
  const minute = useTurns(60_000);
  useRefresh(reload, JSON.stringify([minute, live.data?.buckets.map(({ feature, kind, key }) => [feature.key, kind, key])]));
  const account = data?.account;

  if (fault) return <FaultNotice fault={fault} what="Loading the account" onRetry={reload} />;
  if (!data) return <PageSkeleton />;
  if (!account) return <Empty title="There is no such account" />;
  // The first answer stands until the live one arrives, and where nothing live can be had.
  const buckets = live.data?.buckets ?? account.buckets;
  const balance = liveBalance.data?.balance ?? account.balance;
  return (
    <>
      {withTitle && <PageTitle title="Overview" sub={`${account.name} on the plan ${account.plan.name}`} />}
      {lost && (
        <FaultNotice
          fault={toFault(lost)}
          what="Following the account"
          onRetry={() => {
            followBuckets();
            followBalance();
          }}
        />
      )}
      {account.status === "SUSPENDED" && (
        <Notice tone="deny">This account is suspended: every request is denied until an administrator activates it again.</Notice>
      )}
      {account.plan.features.length === 0 && (
        <section className="card">
          <Empty title="The plan has no features yet">An administrator adds them under Plans.</Empty>
        </section>
      )}
      <div className={css.features}>
        {account.plan.features.map(({ feature, waterfall, ceilings }) => (
          <FeatureCard
            key={`${account.plan.key}/${account.plan.version}/${account.status}/${feature.key}`}
            accountId={accountId}
            userId={userId}
            feature={feature}
            waterfall={waterfall}
            ceilings={ceilings}
            buckets={buckets.filter((bucket) => bucket.feature.key === feature.key)}
          />
        ))}
      </div>
      <CreditsPanel accountId={accountId} balance={balance} spendCap={account.spendCap} />
      <OpenHolds accountId={accountId} />
    </>
  );
}

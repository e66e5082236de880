import { DecisionTable } from "../../parts/decisions/DecisionTable";
import { DecisionFilters } from "../../parts/decisions/DecisionFilters";
import { useDecisionFeed } from "../../parts/decisions/useDecisionFeed";
import { useFilter } from "../../parts/decisions/useFilter";
import { Empty } from "../../parts/feedback/Empty";
import { LivePaused } from "../../parts/feedback/FaultNotice";
import { MoreButton } from "../../parts/feedback/Listing";
import { RowsSkeleton } from "../../parts/feedback/PageSkeleton";
import type { Props as WhyProps } from "../../parts/why/WhyDrawer";
import { WhyHere } from "../../parts/why/WhyHere";

interface Props {
  accountId: string;
  actions?: WhyProps["actions"];
}

/** An account's decisions with filters, live, each with its why. */
export function History({ accountId, actions }: Props) {
  const { filter, isEmpty } = useFilter();
  const feed = useDecisionFeed(accountId, filter);
  return (
    <>
      <DecisionFilters withDays />
      {feed.fault && <LivePaused fault={feed.fault} onRetry={feed.retry} />}
      {(feed.list || !feed.fault) && (
        <section className="card flush" aria-label="Decisions">
          {!feed.list ? (
            <RowsSkeleton rows={10} />
          ) : feed.list.length === 0 ? (
            <Empty icon="history" title={isEmpty ? "Nothing was asked for yet" : "No decision matches"}>
              {isEmpty
                ? "As soon as a product asks for this account, the answer appears here by itself."
                : "Take a filter away to see more."}
            </Empty>
          ) : (
            <DecisionTable edges={feed.list} />
          )}
        </section>
      )}
      {feed.more && <MoreButton load={feed.more} loading={feed.loading} />}
      <WhyHere accountId={accountId} actions={actions} />
    </>
  );
}

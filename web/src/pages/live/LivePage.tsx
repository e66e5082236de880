import { Button } from "@mantine/core";
import { useState } from "react";
import { formatQuantity } from "../../format/quantity";
import { DecisionFilters } from "../../parts/decisions/DecisionFilters";
import { DecisionTable } from "../../parts/decisions/DecisionTable";
import { useFilter } from "../../parts/decisions/useFilter";
import { useWhy } from "../../parts/decisions/useWhy";
import { Empty } from "../../parts/feedback/Empty";
import { LivePaused } from "../../parts/feedback/FaultNotice";
import { PageTitle } from "../../parts/shell/PageTitle";
import { WhyHere } from "../../parts/why/WhyHere";
import css from "./Live.module.css";
import { RatesPanel } from "./RatesPanel";
import { useHeld } from "./useHeld";
import { useLive } from "./useLive";

/** Every decision of every account as it is made. The list stands still while it is pointed at, focused, explained or paused. */
export default function LivePage() {
  const { filter } = useFilter();
  const { decisionId } = useWhy();
  const [paused, setPaused] = useState(false);
  const [held, watch] = useHeld();
  const frozen = paused || held || decisionId !== null;
  const live = useLive(filter, frozen);
  return (
    <>
      <PageTitle title="Live" sub="Every answer that any account gets, from the moment this page was opened.">
        <Button variant="default" onClick={() => setPaused(!paused)} aria-pressed={paused}>
          {paused ? "Resume" : "Pause the list"}
        </Button>
      </PageTitle>
      {live.fault && <LivePaused fault={live.fault} onRetry={live.retry} />}
      <RatesPanel rates={live.rates} />
      <DecisionFilters />
      <div className={css.waiting} aria-live="off">
        {frozen && (
          <>
            <span className="muted">{paused ? "Paused" : "Held still while you look at it"}</span>
            {live.waiting > 0 && (
              <Button variant="light" size="compact-sm" onClick={live.showWaiting}>
                {formatQuantity(live.waiting)} new
              </Button>
            )}
          </>
        )}
      </div>
      <section className="card flush" aria-label="Decisions" data-frozen={frozen || undefined} {...watch}>
        {live.list.length === 0 ? (
          <Empty icon="live" title="Waiting for the next decision">
            As soon as a product asks for any account, its answer appears here.
          </Empty>
        ) : (
          <DecisionTable edges={live.list} withAccount />
        )}
      </section>
      <WhyHere />
    </>
  );
}

import { Button } from "@mantine/core";
import { useState } from "react";
import { DecisionFilters } from "../../parts/decisions/DecisionFilters";
import { DecisionTable } from "../../parts/decisions/DecisionTable";
import { useFilter } from "../../parts/decisions/useFilter";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { PageTitle } from "../../parts/shell/PageTitle";
import { WhyHere } from "../../parts/why/WhyHere";
import { RatesPanel } from "./RatesPanel";
import { useLive } from "./useLive";

/** Every decision of every account as it is made. */
export default function LivePage() {
  const { filter } = useFilter();
  const [paused, setPaused] = useState(false);
  const live = useLive(filter, paused);
  return (
    <>
      <PageTitle title="Live" sub="Every answer that any account gets, from the moment this page was opened.">
        <Button variant="default" onClick={() => setPaused(!paused)} aria-pressed={paused}>
          {paused ? "Go on" : "Pause the list"}
        </Button>
      </PageTitle>
      {live.fault && <FaultNotice fault={live.fault} what="Following the decisions" onRetry={live.retry} />}
      <RatesPanel rates={live.rates} />
      <DecisionFilters />
      <section className="card flush" aria-label="Decisions">
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

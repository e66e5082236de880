import { Button, TextInput } from "@mantine/core";
import { useEffect, useState, type FormEvent } from "react";
import { useAction } from "../../api/useAction";
import { usePages } from "../../api/usePages";
import { ReconcileDocument, ReconciliationsDocument, type ReconciliationFieldsFragment } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { Listing } from "../../parts/feedback/Listing";
import { PageTitle } from "../../parts/shell/PageTitle";
import { Moment } from "../../parts/time/Times";
import { Mismatches } from "./Mismatches";
import css from "./Proof.module.css";
import { Run } from "./Run";
import { capital } from "../../parts/words/words";
import { outcomeWords, runWords, scopeWords } from "./runWords";
import { shownRun } from "./shownRun";

/** How long to wait before looking whether a run that goes on has ended. */
const lookAgainMs = 3000;

/** Whether the books add up: checked now, and every time before. */
export default function ProofPage() {
  const pages = usePages(ReconciliationsDocument, { first: 20 }, (data) => data.reconciliations);
  const action = useAction(ReconcileDocument);
  const [accountId, setAccountId] = useState("");
  function verify(event: FormEvent) {
    event.preventDefault();
    void action.run({ accountId: accountId || null }).then((done) => done && pages.reload());
  }
  const byHand = action.result?.reconcile;
  const shown = shownRun(byHand, pages.rows);
  const goesOn = byHand !== undefined && !shown?.finishedAt;
  const { reload } = pages;
  useEffect(() => {
    if (!goesOn) {
      return;
    }
    const timer = setInterval(reload, lookAgainMs);
    return () => clearInterval(timer);
  }, [goesOn, reload]);
  return (
    <>
      <PageTitle title="Proof" sub="Every charge replayed from the ledger: the books add up, or it says where they do not." />
      <form className={`card ${css.verify}`} onSubmit={verify}>
        {shown ? (
          <Verdict run={shown} />
        ) : (
          <p className="muted">{pages.rows ? "Nothing was verified yet." : "Each run replays every account's events and compares."}</p>
        )}
        <div className="row end">
          <TextInput
            label="Account"
            description="Leave empty for all accounts"
            value={accountId}
            onChange={(event) => setAccountId(event.currentTarget.value.trim())}
            autoComplete="off"
            spellCheck={false}
          />
          <Button type="submit" loading={action.running}>
            Verify now
          </Button>
        </div>
        {action.fault && <FaultNotice fault={action.fault} what="Verifying" />}
      </form>
      <Listing
        name="Reconciliations"
        pages={pages}
        empty={
          <Empty icon="proof" title="No reconciliation yet">
            “Verify now” makes the first one.
          </Empty>
        }
      >
        {(rows) => (
          <ul className={css.runs}>
            {rows.map((run) => (
              <Run key={run.id} run={run} />
            ))}
          </ul>
        )}
      </Listing>
    </>
  );
}

function Verdict({ run }: { run: ReconciliationFieldsFragment }) {
  const faults = run.mismatches.length;
  return (
    <div role="status">
      <p className={css.verdict} data-bad={faults > 0 || undefined}>
        {run.finishedAt ? outcomeWords(run) : "Verifying …"}
      </p>
      <p className="muted">
        {run.finishedAt ? (
          <>
            {capital(scopeWords(run))}, as they stood at <Moment at={run.startedAt} seconds />: {runWords(run)}
          </>
        ) : (
          <>
            Begun <Moment at={run.startedAt} seconds />
          </>
        )}
      </p>
      {faults > 0 && <Mismatches mismatches={run.mismatches} />}
    </div>
  );
}

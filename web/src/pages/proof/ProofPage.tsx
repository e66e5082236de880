import { Button, TextInput } from "@mantine/core";
import { useState, type FormEvent } from "react";
import { useAction } from "../../api/useAction";
import { usePages } from "../../api/usePages";
import { formatQuantity } from "../../format/quantity";
import { ReconcileDocument, ReconciliationsDocument, type ReconciliationFieldsFragment } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { RowsSkeleton } from "../../parts/feedback/PageSkeleton";
import { PageTitle } from "../../parts/shell/PageTitle";
import { Mismatches } from "./Mismatches";
import css from "./Proof.module.css";
import { Run } from "./Run";

/** Whether the books add up: checked now, and every time before. */
export default function ProofPage() {
  const { rows, fault, reload, more, loading } = usePages(ReconciliationsDocument, { first: 20 }, (data) => data.reconciliations);
  const action = useAction(ReconcileDocument);
  const [accountId, setAccountId] = useState("");
  function verify(event: FormEvent) {
    event.preventDefault();
    void action.run({ accountId: accountId || null }).then((done) => done && reload());
  }
  const newest = rows?.[0];
  return (
    <>
      <PageTitle title="Proof" sub="Every charge replayed from the ledger: the books add up, or it says where they do not." />
      <form className={`card ${css.verify}`} onSubmit={verify}>
        {newest ? <Verdict run={newest} /> : <p className="muted">{rows ? "Nothing was verified yet." : " "}</p>}
        <div className="row end">
          <TextInput label="Account" description="Empty: all of them" value={accountId} onChange={(event) => setAccountId(event.currentTarget.value.trim())} autoComplete="off" spellCheck={false} />
          <Button type="submit" loading={action.running}>
            Verify now
          </Button>
        </div>
        {action.fault && <FaultNotice fault={action.fault} what="Verifying" />}
      </form>
      {fault && <FaultNotice fault={fault} what="Loading the reconciliations" onRetry={reload} />}
      <section className="card flush" aria-label="Reconciliations">
        {!rows ? !fault && <RowsSkeleton /> : rows.length === 0 ? <Empty icon="proof" title="No reconciliation yet">“Verify now” makes the first one.</Empty> : <ul className={css.runs}>{rows.map((run) => <Run key={run.id} run={run} />)}</ul>}
      </section>
      {more && (
        <Button variant="default" onClick={more} loading={loading} style={{ justifySelf: "center" }}>
          Show older
        </Button>
      )}
    </>
  );
}

function Verdict({ run }: { run: ReconciliationFieldsFragment }) {
  const faults = run.mismatches.length;
  return (
    <div role="status">
      <p className={css.verdict} data-bad={faults > 0 || undefined}>
        {!run.finishedAt ? "Verifying …" : faults === 0 ? "Everything adds up" : `${formatQuantity(faults)} ${faults === 1 ? "mismatch" : "mismatches"}`}
      </p>
      {faults > 0 && <Mismatches mismatches={run.mismatches} />}
    </div>
  );
}

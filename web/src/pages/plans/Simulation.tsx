import { Button } from "@mantine/core";
import { Link } from "react-router";
import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { serverNow } from "../../api/clock";
import { toFault, type Fault } from "../../api/fault";
import { formatCredits, formatSigned, isZero, subtractCredits } from "../../format/credits";
import { formatQuantity, withUnit } from "../../format/quantity";
import { SimulatePlanDocument, type PlanInput, type SimulatePlanQuery } from "../../gql/graphql";
import { StatusPill } from "../../parts/decisions/StatusPill";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { Credits } from "../../parts/money/Amount";
import { Moment } from "../../parts/time/Times";
import css from "./Simulation.module.css";

type Result = SimulatePlanQuery["simulatePlan"];

const day = 86_400_000;

interface Props {
  accountId: string;
  plan: PlanInput;
  days: number;
  /** Runs by itself, without a button. */
  auto?: boolean;
}

/** Real decisions of an account, replayed through another plan: what would have been different. */
export function Simulation({ accountId, plan, days, auto = false }: Props) {
  const client = useClient();
  const [running, setRunning] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const [result, setResult] = useState<Result | null>(null);
  const planText = JSON.stringify(plan);

  // An answer that comes after another question was asked says nothing about that one.
  const asked = useRef(0);

  // Nor does what was simulated before say anything about another plan or account.
  useEffect(() => {
    asked.current += 1;
    setRunning(false);
    setFault(null);
    setResult(null);
  }, [accountId, planText, days]);

  async function run() {
    const number = ++asked.current;
    setRunning(true);
    setFault(null);
    const to = serverNow();
    const variables = { accountId, plan, from: new Date(to - days * day).toISOString(), to: new Date(to).toISOString() };
    const { data, error } = await client.query(SimulatePlanDocument, variables, { requestPolicy: "network-only" }).toPromise();
    if (number !== asked.current) return;
    setRunning(false);
    if (data) setResult(data.simulatePlan);
    else if (error) setFault(toFault(error));
  }

  useEffect(() => {
    if (auto) void run();
    // Only another question asks again.
  }, [auto, accountId, planText, days]);

  return (
    <div className="stack" style={{ gap: 14 }} aria-live="polite">
      {!auto && (
        <Button variant="default" onClick={() => void run()} loading={running} disabled={!accountId} style={{ justifySelf: "start" }}>
          Simulate
        </Button>
      )}
      {auto && running && !result && <p className="muted">Replaying the last {days} days …</p>}
      {fault && <FaultNotice fault={fault} what="The simulation" onRetry={() => void run()} />}
      {result && <Outcome result={result} days={days} accountId={accountId} />}
    </div>
  );
}

function Outcome({ result, days, accountId }: { result: Result; days: number; accountId: string }) {
  if (result.decisions === 0)
    return <p className="muted">The account asked for nothing in the last {days} days, so there is nothing to replay.</p>;
  const difference = subtractCredits(result.creditsAfter, result.creditsBefore);
  return (
    <>
      <dl className={css.figures}>
        <Figure name={`Requests in ${days} days`} value={formatQuantity(result.decisions)} />
        <Figure name="Newly allowed" value={formatQuantity(result.newlyAllowed)} />
        <Figure name="Newly denied" value={formatQuantity(result.newlyDenied)} bad={result.newlyDenied > 0} />
        <Figure
          name="Credits"
          value={`${formatCredits(result.creditsBefore)} → ${formatCredits(result.creditsAfter)}`}
          note={isZero(difference) ? undefined : formatSigned(difference)}
        />
      </dl>
      {result.changed.edges.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label="Table of decisions that would change">
          <table className="table">
            <thead>
              <tr>
                <th>When</th>
                <th>Request</th>
                <th>Was</th>
                <th>Would be</th>
                <th className="number">Credits</th>
              </tr>
            </thead>
            <tbody>
              {result.changed.edges.map(({ node }) => (
                <tr key={node.decision.id}>
                  <td>
                    <Moment at={node.decision.createdAt} />
                  </td>
                  <td>
                    <Link
                      to={`/accounts/${encodeURIComponent(accountId)}/history?why=${encodeURIComponent(node.decision.id)}&of=${encodeURIComponent(accountId)}`}
                    >
                      {withUnit(node.decision.requested, node.decision.feature.unit)}
                    </Link>{" "}
                    for <bdi>{node.decision.userId}</bdi>
                  </td>
                  <td>
                    <StatusPill status={node.decision.status} />
                  </td>
                  <td>
                    <StatusPill status={node.status} />
                  </td>
                  <td className="number">
                    <Credits amount={node.decision.charged} /> → <Credits amount={node.charged} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {result.changed.pageInfo.hasNextPage && <p className="muted">The first twenty are shown.</p>}
    </>
  );
}

function Figure({ name, value, note, bad = false }: { name: string; value: string; note?: string; bad?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd data-bad={bad || undefined}>
        {value} {note && <small>{note}</small>}
      </dd>
    </div>
  );
}

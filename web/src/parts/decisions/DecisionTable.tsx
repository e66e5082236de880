import { Fragment, useState, type ReactNode } from "react";
import { Link } from "react-router";
import { isZero } from "../../format/credits";
import { formatQuantity, unitFor } from "../../format/quantity";
import { formatClock, formatDayHead } from "../../format/time";
import { Credits } from "../money/Amount";
import { Clock } from "../time/Times";
import { useSlowNow } from "../time/ticker";
import { useZone } from "../time/zone";
import css from "./Decisions.module.css";
import type { Edge } from "./feed";
import { KindList } from "./KindList";
import { groupByDay, type Run } from "./runs";
import { StatusPill } from "./StatusPill";
import { useWhy } from "./useWhy";

/** Decisions by day, one a row; the row opens its "why?". Runs that cost nothing are folded, but not where rows of many accounts arrive. */
export function DecisionTable({ edges, withAccount = false }: { edges: Edge[]; withAccount?: boolean }) {
  const zone = useZone();
  const now = useSlowNow();
  const columns = withAccount ? 8 : 7;
  return (
    <div className={`scroll ${css.scroll}`} tabIndex={0} role="region" aria-label="Table of decisions">
      <table className={`table cards ${css.table}`}>
        <thead>
          <tr>
            <th>When</th>
            {withAccount && <th>Account</th>}
            <th>Feature</th>
            <th>Result</th>
            <th className="number">Granted</th>
            <th>Paid from</th>
            <th className="number">Credits</th>
            <th>User</th>
          </tr>
        </thead>
        {withAccount ? (
          <tbody>
            {edges.map((edge) => (
              <Row key={edge.node.id} edge={edge} withAccount />
            ))}
          </tbody>
        ) : (
          groupByDay(edges, zone).map(({ day, runs }) => (
            <tbody key={day}>
              <tr className={css.day}>
                <th colSpan={columns} scope="rowgroup">
                  {formatDayHead(Date.parse(runs[0]!.edges[0]!.node.createdAt), now, zone)}
                </th>
              </tr>
              {runs.map((run) => (
                <Fragment key={run.edges.at(-1)!.node.id}>
                  {run.edges.length === 1 ? <Row edge={run.edges[0]!} /> : <FoldedRun run={run} columns={columns} />}
                </Fragment>
              ))}
            </tbody>
          ))
        )}
      </table>
    </div>
  );
}

function Row({ edge: { node: decision }, withAccount = false }: { edge: Edge; withAccount?: boolean }) {
  const { open } = useWhy();
  const zone = useZone();
  const clock = formatClock(Date.parse(decision.createdAt), zone, { seconds: true });
  return (
    <tr data-decision={decision.id} data-status={decision.status} className={css.row}>
      <td className={css.when}>
        <button
          type="button"
          className={css.open}
          onClick={() => open(decision.id, decision.account.id)}
          aria-label={`Why? ${clock}: ${decision.explanation}`}
        >
          <Clock at={decision.createdAt} seconds />
        </button>
      </td>
      {withAccount && (
        <td>
          <Link className={css.link} to={`/accounts/${encodeURIComponent(decision.account.id)}`}>
            <bdi>{decision.account.name}</bdi>
          </Link>
        </td>
      )}
      <td>
        <bdi>{decision.feature.name}</bdi>
      </td>
      <td>
        <StatusPill status={decision.status} />
        {decision.refunded > 0 && <span className={css.refunded}>{formatQuantity(decision.refunded)} refunded</span>}
      </td>
      <td className="number">
        {formatQuantity(decision.granted)}
        <span className="muted">
          {decision.granted !== decision.requested && ` of ${formatQuantity(decision.requested)}`}{" "}
          {unitFor(decision.requested, decision.feature.unit)}
        </span>
      </td>
      <td>
        <KindList steps={decision.steps} />
      </td>
      <td className="number">{credits(decision.charged)}</td>
      <td>
        <bdi>{decision.userId}</bdi>
      </td>
    </tr>
  );
}

/** What a decision drew in credits; what was free keeps its ink. */
function credits(charged: string): ReactNode {
  if (isZero(charged)) return <span className="muted">–</span>;
  return (
    <>
      <Credits amount={charged} /> <span className="muted">cr</span>
    </>
  );
}

function FoldedRun({ run: { edges }, columns }: { run: Run; columns: number }) {
  const [open, setOpen] = useState(false);
  const zone = useZone();
  const [newest, oldest] = [edges[0]!.node, edges.at(-1)!.node];
  const [from, to] = [oldest, newest].map(({ createdAt }) => formatClock(Date.parse(createdAt), zone)) as [string, string];
  return (
    <>
      <tr className={css.row} data-run={edges.length}>
        <td colSpan={columns} className={css.run}>
          <button type="button" className={css.open} aria-expanded={open} onClick={() => setOpen(!open)}>
            {formatQuantity(edges.length)} × <bdi>{newest.feature.name}</bdi>, {from === to ? from : `${from}–${to}`}
          </button>
          <span className="muted">
            {" "}
            <bdi>{newest.userId}</bdi>, nothing charged
          </span>
        </td>
      </tr>
      {open && edges.map((edge) => <Row key={edge.node.id} edge={edge} />)}
    </>
  );
}

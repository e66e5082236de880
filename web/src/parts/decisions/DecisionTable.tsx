import { Button } from "@mantine/core";
import { Link } from "react-router";
import { formatQuantity, unitFor } from "../../format/quantity";
import { Credits } from "../money/Amount";
import { Moment } from "../time/Times";
import css from "./Decisions.module.css";
import type { Edge } from "./feed";
import { KindList } from "./KindList";
import { StatusPill } from "./StatusPill";
import { useWhy } from "./useWhy";

/** Decisions, one a row, each with its "why?". */
export function DecisionTable({ edges, withAccount = false }: { edges: Edge[]; withAccount?: boolean }) {
  const { open } = useWhy();
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of decisions">
      <table className={`table ${css.table}`}>
        <thead>
          <tr>
            <th>When</th>
            {withAccount && <th className={css.wide}>Account</th>}
            <th>Answer</th>
            <th className={css.wide}>Feature</th>
            <th className="number">Granted</th>
            <th>Paid by</th>
            <th className="number">Credits</th>
            <th>User</th>
            <th className="act">
              <span className="unseen">Why</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {edges.map(({ node: decision }) => (
            <tr key={decision.id} data-decision={decision.id} data-status={decision.status}>
              <td className={css.when}>
                <span className={css.what}>{decision.feature.name}</span>
                {withAccount && <span className={css.what}>{decision.account.name}</span>}
                <Moment at={decision.createdAt} seconds />
              </td>
              {withAccount && (
                <td className={css.wide}>
                  <Link to={`/accounts/${encodeURIComponent(decision.account.id)}`}>{decision.account.name}</Link>
                </td>
              )}
              <td>
                <StatusPill status={decision.status} />
                {decision.refunded > 0 && <span className={css.refunded}>{formatQuantity(decision.refunded)} refunded</span>}
              </td>
              <td className={css.wide}>{decision.feature.name}</td>
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
              <td className="number">
                <Credits amount={decision.charged} />
              </td>
              <td>{decision.userId}</td>
              <td className="act">
                <Button
                  variant="subtle"
                  size="compact-sm"
                  onClick={() => open(decision.id, decision.account.id)}
                  aria-label={`Why? ${decision.explanation}`}
                >
                  Why?
                </Button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

import { useData } from "../../api/useData";
import { AccountAuditDocument } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { RowsSkeleton } from "../../parts/feedback/PageSkeleton";
import { RelativeTime } from "../../parts/time/Times";

/** What admins did to this account, and why. */
export function AccountAudit({ accountId }: { accountId: string }) {
  const { data, fault, reload } = useData(AccountAuditDocument, { accountId, first: 50 });
  if (fault) return <FaultNotice fault={fault} what="Loading the audit log" onRetry={reload} />;
  return (
    <section className="card flush" aria-label="Audit log">
      {!data ? (
        <RowsSkeleton />
      ) : data.auditLog.edges.length === 0 ? (
        <Empty icon="audit" title="Nothing was changed here">
          Each change that an administrator makes is kept here with its reason.
        </Empty>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label="Table of changes">
          <table className="table">
            <thead>
              <tr>
                <th>When</th>
                <th>Who</th>
                <th>What</th>
                <th>Why</th>
              </tr>
            </thead>
            <tbody>
              {data.auditLog.edges.map(({ node }) => (
                <tr key={node.id}>
                  <td>
                    <RelativeTime at={node.at} />
                  </td>
                  <td>{node.actor}</td>
                  <td className="mono">{node.action}</td>
                  <td>{node.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

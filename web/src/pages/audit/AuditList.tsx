import { Link } from "react-router";
import { usePages } from "../../api/usePages";
import { AuditLogDocument, type AuditLogQuery } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { Listing } from "../../parts/feedback/Listing";
import { RelativeTime } from "../../parts/time/Times";
import css from "./Audit.module.css";
import { changedFields } from "./changes";

type Entry = AuditLogQuery["auditLog"]["edges"][number]["node"];

/** What administrators changed, and why, the newest first; of one account, or of all. */
export function AuditList({ accountId }: { accountId: string | null }) {
  const pages = usePages(AuditLogDocument, { accountId, first: 50 }, (data) => data.auditLog);
  return (
    <Listing
      name="Changes"
      pages={pages}
      empty={
        <Empty icon="audit" title="No change is kept here">
          {accountId ? "Nobody changed anything about this account." : "The first change that an administrator makes appears here."}
        </Empty>
      }
    >
      {(rows) => (
        <ul className={css.list}>
          {rows.map((entry) => (
            <Row key={entry.id} entry={entry} />
          ))}
        </ul>
      )}
    </Listing>
  );
}

function Row({ entry }: { entry: Entry }) {
  const changes = changedFields(entry.before, entry.after);
  return (
    <li className={css.row}>
      <p>
        <strong>{entry.actor}</strong> <span className="mono">{entry.action}</span>
        {entry.accountId && (
          <>
            {" "}
            on <Link to={`/accounts/${encodeURIComponent(entry.accountId)}`}>{entry.accountId}</Link>
          </>
        )}{" "}
        <span className="muted">
          <RelativeTime at={entry.at} />
        </span>
      </p>
      <p className={css.reason}>“{entry.reason}”</p>
      {changes.length > 0 && (
        <details>
          <summary>What changed</summary>
          <dl className={css.changes}>
            {changes.map(({ path, before, after }) => (
              <div key={path}>
                <dt className="mono">{path}</dt>
                <dd>
                  {before !== null && <del>{before}</del>} {after !== null && <ins>{after}</ins>}
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </li>
  );
}

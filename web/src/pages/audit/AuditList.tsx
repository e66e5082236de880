import { Link } from "react-router";
import { usePages } from "../../api/usePages";
import { AuditLogDocument, type AuditLogQuery } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { Listing } from "../../parts/feedback/Listing";
import { Moment } from "../../parts/time/Times";
import css from "./Audit.module.css";
import { changedFields } from "./changes";
import { deedOf, type Deed } from "./deed";

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

/** One line: who, did what, to whom, when, why; all that changed below it, on demand. */
function Row({ entry }: { entry: Entry }) {
  const changes = changedFields(entry.before, entry.after);
  const { did, whom, kind } = deedOf(entry);
  return (
    <li className={css.row}>
      <p>
        <strong>
          <bdi>{entry.actor}</bdi>
        </strong>{" "}
        {did} {whom !== null && <Whom whom={whom} kind={kind} />}
        <span className="muted">
          {" · "}
          <Moment at={entry.at} />
          {" · "}
        </span>
        <span className={css.reason}>
          “<bdi>{entry.reason}</bdi>”
        </span>
      </p>
      {changes.length === 0 ? (
        <p className={css.none}>No changes</p>
      ) : (
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

function Whom({ whom, kind }: { whom: string; kind: Deed["kind"] }) {
  const name = <bdi>{whom}</bdi>;
  if (kind === "other") return name;
  return <Link to={`/${kind === "plan" ? "plans" : "accounts"}/${encodeURIComponent(whom)}`}>{name}</Link>;
}

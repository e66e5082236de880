import { NativeSelect } from "@mantine/core";
import { useEffect } from "react";
import { Link, useSearchParams } from "react-router";
import { useSubscription } from "urql";
import { usePages } from "../../api/usePages";
import { AnomaliesDocument, AnomaliesNowDocument, type AnomalyFieldsFragment } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { Listing } from "../../parts/feedback/Listing";
import { Icon } from "../../parts/Icon";
import { PageTitle } from "../../parts/shell/PageTitle";
import { Moment } from "../../parts/time/Times";
import { anomalyWords } from "../../parts/words/words";
import css from "./Anomalies.module.css";

/** What is far from usual, as the server notices it. */
export default function AnomaliesPage() {
  const [params, setParams] = useSearchParams();
  const show = params.get("show") ?? "all";
  const pages = usePages(AnomaliesDocument, { open: show === "all" ? null : show === "open", first: 50 }, (data) => data.anomalies);
  const { reload } = pages;
  const [now] = useSubscription({ query: AnomaliesNowDocument });
  const latest = now.data?.anomalies;
  useEffect(() => {
    if (latest) reload();
  }, [latest, reload]);
  return (
    <>
      <PageTitle title="Anomalies" sub="Unusual activity, found automatically.">
        <NativeSelect
          aria-label="Show"
          value={show}
          onChange={(event) => setParams({ show: event.currentTarget.value })}
          data={[
            { value: "all", label: "All" },
            { value: "open", label: "Open" },
            { value: "resolved", label: "Resolved" },
          ]}
        />
      </PageTitle>
      <Listing
        name="Anomalies"
        pages={pages}
        empty={
          <Empty icon="tick" title="Nothing unusual">
            The server compares each account with its own last seven days and tells here when something is far off.
          </Empty>
        }
      >
        {(rows) => (
          <ul className={css.list}>
            {rows.map((anomaly) => (
              <Row key={anomaly.id} anomaly={anomaly} />
            ))}
          </ul>
        )}
      </Listing>
    </>
  );
}

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

function Row({ anomaly }: { anomaly: AnomalyFieldsFragment }) {
  const open = anomaly.resolvedAt === null;
  return (
    <li className={css.row} data-open={open || undefined}>
      <span className={css.sign}>
        <Icon name={open ? "anomalies" : "tick"} />
      </span>
      <div>
        <p>
          <strong>{anomalyWords[anomaly.kind]}</strong>
          {anomaly.accountId && (
            <>
              {" · "}
              <Link to={`/accounts/${encodeURIComponent(anomaly.accountId)}`}>{anomaly.accountId}</Link>
            </>
          )}
          {anomaly.feature && ` · ${anomaly.feature}`}
          {" · "}
          <span className="muted">
            <Moment at={anomaly.openedAt} />
            {open ? "" : " to "}
            {!open && <Moment at={anomaly.resolvedAt!} />}
          </span>
          {open && <span className={css.open}>open</span>}
        </p>
        <p>
          {anomaly.message}{" "}
          <span className="muted">
            {number.format(anomaly.observed)} seen, {number.format(anomaly.expected)} usual
          </span>
        </p>
      </div>
    </li>
  );
}

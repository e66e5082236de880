import type { ReactNode } from "react";
import { Link } from "react-router";
import { fromMicros } from "../../format/credits";
import { formatQuantity, formatShare } from "../../format/quantity";
import { Credits } from "../../parts/money/Amount";
import { kindWords, reasonWords } from "../../parts/words/words";
import css from "./Live.module.css";
import { twoShares, type Account, type Rates } from "./rates";

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

/** The last minute in figures. */
export function RatesPanel({ rates }: { rates: Rates }) {
  const allowed = rates.count - rates.denied;
  const [allowedShare, deniedShare] = twoShares(allowed, rates.denied);
  return (
    <section className={`card ${css.panel}`} aria-label="The last minute">
      <dl className={css.figures}>
        <Figure name="Decisions a second" value={number.format(rates.perSecond)} />
        <Figure name="In the last minute" value={formatQuantity(rates.count)} />
        <Figure name="Allowed" value={rates.count ? percent.format(allowedShare) : "–"} />
        <Figure name="Denied" value={rates.count ? percent.format(deniedShare) : "–"} />
      </dl>
      <div className={css.lists}>
        <Bars
          title="Allowed, by source"
          entries={rates.byKind.map(([kind, count]) => [kindWords[kind], count, kind])}
          whole={allowed}
          empty="Nothing was allowed in the last minute."
        />
        <Bars
          title="Denied, by reason"
          entries={rates.byReason.map(([reason, count]) => [reasonWords[reason], count, "DENIED"])}
          whole={rates.denied}
          empty="Nothing was denied in the last minute."
        />
        <Top title="Most denials" empty="No account was denied anything." entries={rates.mostDenied} value={formatQuantity} />
        <Top
          title="Most credits spent"
          empty="No account spent credits."
          entries={rates.mostSpent}
          value={(spent) => (
            <>
              <Credits amount={fromMicros(spent)} /> <span className="muted">cr</span>
            </>
          )}
        />
      </div>
    </section>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Top<N>({
  title,
  entries,
  value,
  empty,
}: {
  title: string;
  entries: [Account, N][];
  value: (figure: N) => ReactNode;
  empty: string;
}) {
  return (
    <div>
      <h2>{title}</h2>
      {entries.length === 0 && <p className="muted">{empty}</p>}
      <ol className={css.bars}>
        {entries.map(([account, figure]) => (
          <li key={account.id}>
            <Link to={`/accounts/${encodeURIComponent(account.id)}`}>
              <bdi>{account.name}</bdi>
            </Link>
            <span className={css.share}>{value(figure)}</span>
          </li>
        ))}
      </ol>
    </div>
  );
}

function Bars({
  title,
  entries,
  whole,
  empty,
}: {
  title: string;
  entries: [name: string, count: number, tone: string][];
  whole: number;
  empty: string;
}) {
  return (
    <div>
      <h2>{title}</h2>
      {entries.length === 0 && <p className="muted">{empty}</p>}
      <ul className={css.bars}>
        {entries.map(([name, count, tone]) => (
          <li key={name} data-tone={tone} style={{ "--share": whole > 0 ? count / whole : 0 }}>
            <span>{name}</span>
            <span className={css.share}>{formatShare(count, whole)}</span>
            <span className={css.bar} aria-hidden="true" />
          </li>
        ))}
      </ul>
    </div>
  );
}

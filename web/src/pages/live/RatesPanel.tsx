import { formatShare } from "../../format/quantity";
import { kindWords, reasonWords } from "../../parts/words/words";
import css from "./Live.module.css";
import type { Rates } from "./rates";

const number = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** The last minute in figures. */
export function RatesPanel({ rates }: { rates: Rates }) {
  const allowed = rates.count - rates.denied;
  return (
    <section className={`card ${css.panel}`} aria-label="The last minute">
      <dl className={css.figures}>
        <Figure name="Decisions a second" value={number.format(rates.perSecond)} />
        <Figure name="Allowed" value={rates.count ? formatShare(allowed, rates.count) : "–"} />
        <Figure name="Denied" value={rates.count ? formatShare(rates.denied, rates.count) : "–"} />
        <Figure name="Decision to screen: p50" value={milliseconds(rates.p50)} />
        <Figure name="Decision to screen: p99" value={milliseconds(rates.p99)} />
      </dl>
      <div className={css.lists}>
        <Bars
          title="Allowed, by bucket"
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
      </div>
    </section>
  );
}

function milliseconds(value: number | null): string {
  return value === null ? "–" : `${number.format(value)} ms`;
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
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

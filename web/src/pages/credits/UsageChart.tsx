import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { useMemo } from "react";
import { formatCredits } from "../../format/credits";
import { unitFor } from "../../format/quantity";
import { formatClock, formatDate, formatDay } from "../../format/time";
import type { Zone } from "../../format/zone";
import type { BucketKind, UsageInterval } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { kindWords } from "../../parts/words/words";
import css from "./Credits.module.css";
import { evenly, niceTicks } from "./ticks";
import { height, stackUsage, withoutEmptyStart, written, type Column, type Measure, type Side, type StackBy, type UsagePoint } from "./usageSeries";

const featureShades = [
  "var(--mantine-color-water-7)",
  "var(--mantine-color-water-4)",
  "var(--mantine-color-water-2)",
  "var(--series-deep)",
  "var(--mantine-color-dark-2)",
];

const kindShades: Record<BucketKind, string> = {
  RATE_LIMIT: "var(--mantine-color-water-7)",
  FREE_TIER: "var(--mantine-color-water-4)",
  PROMOTION: "var(--mantine-color-water-2)",
  ENTITLEMENT: "var(--series-deep)",
  CREDIT: "var(--mantine-color-paid-4)",
};

const mostNames = 9;

interface Props {
  points: UsagePoint[];
  by: StackBy;
  measure: Measure;
  side: Side;
  interval: UsageInterval;
  zone: Zone;
  /** By key; a feature that left the plan is missing. */
  features: Map<string, { name: string; unit: string }>;
  /** Opens the decisions of a column. */
  onOpen?: (at: number) => void;
}

/** Columns of use over time, with the sum of each series above them, and the same as a table. */
export function UsageChart({ points, by, measure, side, interval, zone, features, onOpen }: Props) {
  const { columns: all, series, totals } = useMemo(() => stackUsage(points, by, measure, side), [points, by, measure, side]);
  const label = (name: string) => (by === "kind" ? kindWords[name as BucketKind] : (features.get(name)?.name ?? name));
  const colour = (name: string, place: number) =>
    by === "kind" ? kindShades[name as BucketKind] : featureShades[place % featureShades.length]!;
  if (series.length === 0) {
    return (
      <section className="card">
        <Empty icon="live" title="Nothing was used in this time">
          {measure === "credits"
            ? "Nothing was paid in credits. Measure in units to see what was free."
            : "Choose a longer range to see earlier use."}
        </Empty>
      </section>
    );
  }
  const columns = withoutEmptyStart(all);
  const units = unitsOf(points, features);
  const told = (amount: bigint) => {
    const text = written(amount, measure);
    if (measure === "credits") return `${formatCredits(text)} cr`;
    return `${formatCredits(text)} ${units.length === 1 ? unitFor(amount === 1n ? 1 : 2, units[0]!) : "units"}`;
  };
  const named = (name: string) => told(totals.get(name) ?? 0n);
  const sums = columns.map((column) => sides(column, series, measure));
  const ticks = niceTicks(Math.min(...sums.map(([low]) => low)), Math.max(...sums.map(([, high]) => high)), { whole: measure === "quantity" });
  const axis = (at: unknown) => (typeof at === "number" ? axisName(at, interval, zone) : "");
  return (
    <section className="card stack" aria-label="Usage">
      <dl className={css.totals}>
        {series.map((name, place) => (
          <div key={name}>
            <dt>
              <span style={{ "--series": colour(name, place) }} />
              {label(name)}
            </dt>
            <dd>{named(name)}</dd>
          </div>
        ))}
      </dl>
      {measure === "quantity" && units.length > 1 && (
        <p className={css.aside}>Units of several features are added up here. Choose a feature to see its own.</p>
      )}
      {columns.length < all.length && (
        <p className={css.aside}>Nothing was used before {columnName(columns[0]!.at, interval, zone)}.</p>
      )}
      <figure
        className="chart"
        role="img"
        aria-label={`Usage over time; in all ${series.map((name) => `${label(name)} ${named(name)}`).join(", ")}`}
      >
        <BarChart
          h={320}
          type="stacked"
          data={columns.map(({ at, amounts }) => ({
            at,
            ...Object.fromEntries(series.map((name) => [name, height(amounts.get(name) ?? 0n, measure)])),
          }))}
          dataKey="at"
          series={series.map((name, place) => ({ name, label: label(name), color: colour(name, place) }))}
          tickLine="none"
          gridAxis="x"
          xAxisProps={{ ticks: evenly(columns, mostNames).map(({ at }) => at), interval: "equidistantPreserveStart", minTickGap: 8, tickFormatter: axis }}
          yAxisProps={{ domain: [ticks[0]!, ticks.at(-1)!], ticks, width: 64 }}
          tooltipProps={{ labelFormatter: (at) => (typeof at === "number" ? columnName(at, interval, zone) : ""), offset: 24 }}
          valueFormatter={(value) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 }).format(value)}
          barProps={{ radius: 2 }}
          maxBarWidth={56}
          barChartProps={{
            accessibilityLayer: false,
            stackOffset: "sign",
            barCategoryGap: 2,
            margin: { top: 16, right: 20 },
            onClick: onOpen && (({ activeLabel }) => typeof activeLabel === "number" && onOpen(activeLabel)),
          }}
        />
      </figure>
      <details>
        <summary className={css.summary}>As a table</summary>
        <div className="scroll" tabIndex={0} role="region" aria-label="Table of usage">
          <table className="table">
            <thead>
              <tr>
                <th>{interval === "HOUR" ? "Hour" : interval === "MONTH" ? "Month" : "Day"}</th>
                {series.map((name) => (
                  <th key={name} className="number">
                    {label(name)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {columns.map(({ at, amounts }) => (
                <tr key={at} data-column={new Date(at).toISOString()}>
                  <td>{columnName(at, interval, zone)}</td>
                  {series.map((name) => (
                    <td key={name} className="number">
                      {amounts.get(name) ? told(amounts.get(name)!) : "–"}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

/** How far a column reaches below and above nothing. */
function sides({ amounts }: Column, series: string[], measure: Measure): [low: number, high: number] {
  const heights = series.map((name) => height(amounts.get(name) ?? 0n, measure));
  const sum = (part: number[]) => part.reduce((all, one) => all + one, 0);
  return [sum(heights.filter((one) => one < 0)), sum(heights.filter((one) => one > 0))];
}

/** What stands under a column. */
function axisName(at: number, interval: UsageInterval, zone: Zone): string {
  if (interval === "HOUR") return formatClock(at, zone);
  if (interval === "MONTH") return new Intl.DateTimeFormat(undefined, { month: "short", timeZone: zone }).format(at);
  return formatDay(at, zone);
}

/** What a column is, in full: "Nov 30, 2026, 14:00", "Nov 30, 2026", "November 2026". */
export function columnName(at: number, interval: UsageInterval, zone: Zone): string {
  if (interval === "HOUR") return `${formatDate(at, zone)}, ${formatClock(at, zone)}`;
  if (interval === "MONTH") return new Intl.DateTimeFormat(undefined, { month: "long", year: "numeric", timeZone: zone }).format(at);
  return formatDate(at, zone);
}

/** The different units that the points count in. */
function unitsOf(points: UsagePoint[], features: Props["features"]): string[] {
  return [...new Set(points.filter(({ total, refunded }) => total !== "0" || refunded !== "0").map(({ feature }) => features.get(feature)?.unit ?? feature))];
}

import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { useMemo } from "react";
import { formatCredits } from "../../format/credits";
import { formatClock, formatDay } from "../../format/time";
import type { BucketKind } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { kindWords } from "../../parts/words/words";
import css from "./Credits.module.css";
import { stackUsage, type Measure, type StackBy, type UsagePoint } from "./usageSeries";

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

interface Props {
  points: UsagePoint[];
  by: StackBy;
  measure: Measure;
  hours: boolean;
  /** By key; a feature that left the plan is missing. */
  features: Map<string, { name: string; unit: string }>;
}

/** Columns of use over time, with the sum of each series above them. */
export function UsageChart({ points, by, measure, hours, features }: Props) {
  const { columns, series, totals } = useMemo(() => stackUsage(points, by, measure), [points, by, measure]);
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
  return (
    <section className="card stack" aria-label="Usage">
      <dl className={css.totals}>
        {series.map((name, place) => (
          <div key={name}>
            <dt>
              <span style={{ "--series": colour(name, place) }} />
              {label(name)}
            </dt>
            <dd>{formatCredits(totals[name] ?? "0")}</dd>
          </div>
        ))}
      </dl>
      {measure === "quantity" && unitsIn(points, features) > 1 && (
        <p className={css.aside}>Units of several features are added up here. Choose a feature to see its own.</p>
      )}
      <figure
        className="chart"
        role="img"
        aria-label={`Usage over time; in all ${series.map((name) => `${label(name)} ${formatCredits(totals[name] ?? "0")}`).join(", ")}`}
      >
        <BarChart
          h={320}
          type="stacked"
          data={columns.map((column) => ({ ...column, start: hours ? formatClock(Date.parse(column.start), "UTC") : formatUtcDay(column.start) }))}
          dataKey="start"
          series={series.map((name, place) => ({ name, label: label(name), color: colour(name, place) }))}
          tickLine="none"
          gridAxis="x"
          valueFormatter={(value) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 }).format(value)}
          barChartProps={{ accessibilityLayer: false }}
        />
      </figure>
    </section>
  );
}

/** How many different units the points count in. */
function unitsIn(points: UsagePoint[], features: Props["features"]): number {
  return new Set(points.filter(({ quantity }) => quantity > 0).map(({ feature }) => features.get(feature)?.unit ?? feature)).size;
}

/** The server's days are days of UTC; in the reader's zone a column could show the day before. */
function formatUtcDay(start: string): string {
  const [year, month, date] = start.slice(0, 10).split("-").map(Number) as [number, number, number];
  return formatDay(Date.UTC(year, month - 1, date), "UTC");
}

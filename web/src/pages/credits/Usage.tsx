import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { useMemo, useState } from "react";
import { serverNow } from "../../api/clock";
import { useData } from "../../api/useData";
import { formatCredits } from "../../format/credits";
import { download, toCsv } from "../../format/csv";
import { formatDay, formatHour } from "../../format/time";
import { UsageDocument, type BucketKind, type UsageInterval } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { Icon } from "../../parts/Icon";
import { kindWords } from "../../parts/words/words";
import css from "./Credits.module.css";
import { stackUsage, type Measure, type StackBy, type UsagePoint } from "./usageSeries";

const hour = 3_600_000;

const ranges: Record<string, { name: string; length: number; interval: UsageInterval }> = {
  "1": { name: "24 hours", length: 24 * hour, interval: "HOUR" },
  "7": { name: "7 days", length: 7 * 24 * hour, interval: "DAY" },
  "30": { name: "30 days", length: 30 * 24 * hour, interval: "DAY" },
  "90": { name: "90 days", length: 90 * 24 * hour, interval: "DAY" },
};

const featureShades = [
  "var(--mantine-color-water-7)",
  "var(--mantine-color-water-4)",
  "var(--mantine-color-water-2)",
  "var(--mantine-color-water-9)",
  "var(--mantine-color-dark-3)",
];

const kindShades: Record<BucketKind, string> = {
  RATE_LIMIT: "var(--mantine-color-water-7)",
  FREE_TIER: "var(--mantine-color-water-4)",
  PROMOTION: "var(--mantine-color-water-2)",
  ENTITLEMENT: "var(--mantine-color-water-9)",
  CREDIT: "var(--mantine-color-paid-4)",
};

/** What the account used, stacked by feature or by the bucket that paid. */
export default function Usage({ accountId }: { accountId: string }) {
  const [range, setRange] = useState("30");
  const [by, setBy] = useState<StackBy>("kind");
  const [measure, setMeasure] = useState<Measure>("quantity");
  const [feature, setFeature] = useState("");
  const { length, interval } = ranges[range]!;
  const [from, to] = useMemo(() => {
    const now = Math.ceil(serverNow() / 60_000) * 60_000;
    return [new Date(now - length).toISOString(), new Date(now).toISOString()];
  }, [length]);
  const { data, fault, reload } = useData(UsageDocument, { accountId, from, to, interval });
  const points = data?.account?.usage.filter((point) => !feature || point.feature === feature);
  const features = new Map(data?.account?.plan.features.map((entry) => [entry.feature.key, entry.feature]));

  return (
    <div className="stack">
      <div className="row end between">
        <div className="row end">
          <NativeSelect
            label="Range"
            value={range}
            onChange={(event) => setRange(event.currentTarget.value)}
            data={Object.entries(ranges).map(([value, { name }]) => ({ value, label: name }))}
          />
          <NativeSelect
            label="Stacked by"
            value={by}
            onChange={(event) => setBy(event.currentTarget.value as StackBy)}
            data={[
              { value: "kind", label: "Bucket" },
              { value: "feature", label: "Feature" },
            ]}
          />
          <NativeSelect
            label="Measured in"
            value={measure}
            onChange={(event) => setMeasure(event.currentTarget.value as Measure)}
            data={[
              { value: "quantity", label: "Units" },
              { value: "credits", label: "Credits" },
            ]}
          />
          <NativeSelect
            label="Feature"
            value={feature}
            onChange={(event) => setFeature(event.currentTarget.value)}
            data={[{ value: "", label: "Every feature" }, ...[...features].map(([value, { name }]) => ({ value, label: name }))]}
          />
        </div>
        <Button
          variant="default"
          leftSection={<Icon name="download" size={16} />}
          disabled={!points?.length}
          onClick={() => points && download(`usage-${accountId}.csv`, usageCsv(points))}
        >
          Download CSV
        </Button>
      </div>
      {fault && <FaultNotice fault={fault} what="Loading the usage" onRetry={reload} />}
      {!points ? (
        !fault && <Skeleton height={360} radius="lg" />
      ) : (
        <UsageChart points={points} by={by} measure={measure} hours={interval === "HOUR"} features={features} />
      )}
    </div>
  );
}

interface ChartProps {
  points: UsagePoint[];
  by: StackBy;
  measure: Measure;
  hours: boolean;
  /** By key; a feature that left the plan is missing. */
  features: Map<string, { name: string; unit: string }>;
}

function UsageChart({ points, by, measure, hours, features }: ChartProps) {
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
        <p className="muted">Units of several features are added up here. Choose a feature to see its own.</p>
      )}
      <figure
        className="chart"
        role="img"
        aria-label={`Usage over time; in all ${series.map((name) => `${label(name)} ${formatCredits(totals[name] ?? "0")}`).join(", ")}`}
      >
        <BarChart
          h={320}
          type="stacked"
          data={columns.map((column) => ({ ...column, start: hours ? formatHour(Date.parse(column.start)) : formatUtcDay(column.start) }))}
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
function unitsIn(points: UsagePoint[], features: ChartProps["features"]): number {
  return new Set(points.filter(({ quantity }) => quantity > 0).map(({ feature }) => features.get(feature)?.unit ?? feature)).size;
}

/** The server's days are days of UTC; in the reader's zone a column could show the day before. */
function formatUtcDay(start: string): string {
  const [year, month, date] = start.slice(0, 10).split("-").map(Number) as [number, number, number];
  return formatDay(new Date(year, month - 1, date).getTime());
}

function usageCsv(points: UsagePoint[]): string {
  return toCsv(
    ["start", "feature", "bucket", "quantity", "credits"],
    points.map(({ start, feature, kind, quantity, credits }) => [start, feature, kind, quantity, credits]),
  );
}

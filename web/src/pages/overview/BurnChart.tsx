import "@mantine/charts/styles.css";
import { AreaChart } from "@mantine/charts";
import { formatDay, formatExact } from "../../format/time";
import type { Zone } from "../../format/zone";
import { useZone } from "../../parts/time/zone";
import type { BurnPoint, Range } from "./forecast";

interface Props {
  line: BurnPoint[];
  /** When the credits may run out. */
  range?: Range | null;
}

/** The credits of the last days as an area, what is foreseen as a dashed line, and as a band when they may run out. */
export default function BurnChart({ line, range }: Props) {
  const now = line.find(isNow);
  const zone = useZone();
  // The chart also asks for the words of a moment that it has not worked out yet.
  const dayOf = (at: unknown) => (typeof at === "number" && Number.isFinite(at) ? formatDay(at, zone) : "");
  // The line ends where the credits do: a flat zero is no forecast.
  const firstEmpty = line.findIndex(({ forecast }) => forecast === 0);
  const empty = firstEmpty < 0 ? line.length : firstEmpty;
  return (
    <figure className="chart" role="img" aria-label={describe(line, range ?? null, zone)}>
      <AreaChart
        h={240}
        data={line.map(({ at, balance, forecast }, place) => ({ at, Credits: balance, Forecast: place > empty ? null : forecast }))}
        dataKey="at"
        series={[
          { name: "Credits", color: "var(--accent)" },
          { name: "Forecast", color: "var(--ink-2)", strokeDasharray: "5 5" },
        ]}
        xAxisProps={{
          type: "number",
          scale: "time",
          domain: [line[0]?.at ?? 0, line.at(-1)?.at ?? 0],
          ticks: line.map(({ at }) => at),
          tickFormatter: dayOf,
          padding: { right: 40 },
        }}
        areaProps={({ name }) => (name === "Forecast" ? { fill: "none" } : {})}
        referenceAreas={range ? [{ x1: range.from, x2: range.to, color: "var(--ink-2)", fillOpacity: 0.12, label: "may run out" }] : []}
        referenceLines={now && [{ x: now.at, label: "now", color: "var(--ink-2)" }]}
        tooltipProps={{ labelFormatter: dayOf }}
        curveType="linear"
        fillOpacity={0.14}
        strokeWidth={2}
        withDots={false}
        connectNulls={false}
        withLegend
        gridAxis="x"
        tickLine="none"
        valueFormatter={(value) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 }).format(value)}
        areaChartProps={{ accessibilityLayer: false }}
      />
    </figure>
  );
}

function isNow({ balance, forecast }: BurnPoint): boolean {
  return balance !== null && forecast !== null;
}

function describe(line: BurnPoint[], range: Range | null, zone: Zone): string {
  const start = `Credits over the last days, now ${line.findLast(({ balance }) => balance !== null)?.balance ?? 0}.`;
  return range ? `${start} By the forecast they may run out from ${formatExact(range.from, zone)} to ${formatExact(range.to, zone)}.` : start;
}

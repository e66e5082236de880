import "@mantine/charts/styles.css";
import { AreaChart } from "@mantine/charts";
import { formatDay, formatExact } from "../../format/time";
import type { Zone } from "../../format/zone";
import { useZone } from "../../parts/time/zone";
import type { BurnPoint } from "./forecast";

/** The credits of the last days, and where they lead if spending goes on as it was. */
export default function BurnChart({ line }: { line: BurnPoint[] }) {
  const now = line.find(isNow);
  const zone = useZone();
  // The chart also asks for the words of a moment that it has not worked out yet.
  const dayOf = (at: unknown) => (typeof at === "number" && Number.isFinite(at) ? formatDay(at, zone) : "");
  return (
    <figure className="chart" role="img" aria-label={describe(line, zone)}>
      <AreaChart
        h={240}
        data={line.map(({ at, balance, forecast }) => ({ at, Credits: balance, Forecast: forecast }))}
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

function describe(line: BurnPoint[], zone: Zone): string {
  const last = line.at(-1);
  const start = `Credits over the last days, now ${line.find(isNow)?.balance ?? 0}.`;
  return last?.forecast === 0 ? `${start} By the forecast nothing is left at ${formatExact(last.at, zone)}.` : start;
}

import "@mantine/charts/styles.css";
import { AreaChart } from "@mantine/charts";
import { formatDay, formatExact } from "../../format/time";
import type { BurnPoint } from "./forecast";

/** The credits of the last days, and where they lead if spending goes on as it was. */
export default function BurnChart({ line }: { line: BurnPoint[] }) {
  return (
    <figure className="chart" role="img" aria-label={describe(line)}>
      <AreaChart
        h={240}
        data={line.map(({ at, balance, forecast }) => ({ day: formatDay(at), Credits: balance, Forecast: forecast }))}
        dataKey="day"
        series={[
          { name: "Credits", color: "var(--accent)" },
          { name: "Forecast", color: "var(--ink-2)", strokeDasharray: "5 5" },
        ]}
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

function describe(line: BurnPoint[]): string {
  const now = line.find(({ balance, forecast }) => balance !== null && forecast !== null);
  const last = line[line.length - 1];
  const start = `Credits over the last days, now ${now?.balance ?? 0}.`;
  return last?.forecast === 0 ? `${start} By the forecast nothing is left at ${formatExact(last.at)}.` : start;
}

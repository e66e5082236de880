import { Button, NativeSelect, Skeleton } from "@mantine/core";
import { useMemo, useState } from "react";
import { serverNow } from "../../api/clock";
import { useData } from "../../api/useData";
import { download, toCsv } from "../../format/csv";
import { isoIn, type Zone } from "../../format/zone";
import { UsageDocument, type UsageInterval } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { Icon } from "../../parts/Icon";
import { currentZone } from "../../parts/time/zone";
import { UsageChart } from "./UsageChart";
import type { Measure, StackBy, UsagePoint } from "./usageSeries";

const hour = 3_600_000;

const ranges: Record<string, { name: string; length: number; interval: UsageInterval }> = {
  "1": { name: "24 hours", length: 24 * hour, interval: "HOUR" },
  "7": { name: "7 days", length: 7 * 24 * hour, interval: "DAY" },
  "30": { name: "30 days", length: 30 * 24 * hour, interval: "DAY" },
  "90": { name: "90 days", length: 90 * 24 * hour, interval: "DAY" },
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
          onClick={() => points && download(`usage-${accountId}.csv`, usageCsv(points, currentZone()))}
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

function usageCsv(points: UsagePoint[], zone: Zone): string {
  return toCsv(
    ["start", "feature", "bucket", "quantity", "credits"],
    points.map(({ start, feature, kind, quantity, credits }) => [isoIn(zone, start), feature, kind, quantity, credits]),
  );
}

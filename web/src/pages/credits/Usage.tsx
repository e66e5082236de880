import { Button, NativeSelect, SegmentedControl, Skeleton } from "@mantine/core";
import { useMemo, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { serverNow } from "../../api/clock";
import { useData } from "../../api/useData";
import { formatCredits } from "../../format/credits";
import { download, toCsv } from "../../format/csv";
import { formatMoment } from "../../format/time";
import { dayOf, isoIn, zoneName, type Zone } from "../../format/zone";
import { UsageDocument } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { Icon } from "../../parts/Icon";
import { useTurns } from "../../parts/time/ticker";
import { useZone } from "../../parts/time/zone";
import css from "./Credits.module.css";
import { UsageChart } from "./UsageChart";
import { ranges } from "./usageRange";
import { creditSums, type Measure, type Side, type StackBy, type UsagePoint } from "./usageSeries";

/** What the account used, stacked by feature or by the bucket that paid, net of refunds or gross. */
export default function Usage({ accountId }: { accountId: string }) {
  const [range, setRange] = useState("30");
  const [by, setBy] = useState<StackBy>("kind");
  const [measure, setMeasure] = useState<Measure>("quantity");
  const [side, setSide] = useState<Side>("net");
  const [feature, setFeature] = useState("");
  const zone = useZone();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const { interval, span } = ranges[range]!;
  // Asked for again with each hour, so that a page left open has today's column.
  const hour = useTurns(3_600_000);
  const [from, to] = useMemo(() => span(serverNow(), zone), [span, zone, hour]);
  const { data, fault, reload } = useData(UsageDocument, {
    accountId,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    interval,
    timeZone: zone,
  });
  const points = data?.account?.usage.filter((point) => !feature || point.feature === feature);
  const features = new Map(data?.account?.plan.features.map((entry) => [entry.feature.key, entry.feature]));
  const history = pathname.startsWith("/accounts/") ? `/accounts/${encodeURIComponent(accountId)}/history` : "/history";

  function openDay(at: number) {
    const day = dayOf(at, zone);
    void navigate(`${history}?${new URLSearchParams({ ...(feature && { feature }), from: day, to: day })}`);
  }

  return (
    <div className="stack">
      <div className="row end between">
        <div className="row end">
          <NativeSelect
            label="Range"
            value={range}
            onChange={(event) => setRange(event.currentTarget.value)}
            data={["1", "7", "30", "month", "before", "90", "year"].map((value) => ({ value, label: ranges[value]!.name }))}
          />
          <NativeSelect
            label="Stacked by"
            value={by}
            onChange={(event) => setBy(event.currentTarget.value as StackBy)}
            data={[
              { value: "kind", label: "Source" },
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
          <SegmentedControl
            aria-label="Refunds"
            value={side}
            onChange={(next) => setSide(next as Side)}
            data={[
              { value: "net", label: "Net of refunds" },
              { value: "gross", label: "Gross" },
            ]}
          />
        </div>
        <Button
          variant="default"
          leftSection={<Icon name="download" size={16} />}
          disabled={!points?.length}
          onClick={() => points && download(`usage-${accountId}.csv`, usageCsv(points, zone))}
        >
          Download CSV
        </Button>
      </div>
      <p className={css.aside}>
        {unitWords[interval]} in {zoneName(zone, to)}, from {formatMoment(from, serverNow(), zone)} to{" "}
        {range === "before" ? formatMoment(to, serverNow(), zone) : "now"}.
      </p>
      {fault && <FaultNotice fault={fault} what="Loading the usage" onRetry={reload} />}
      {!points ? (
        !fault && <Skeleton height={360} radius="lg" />
      ) : (
        <>
          <UsageChart
            points={points}
            by={by}
            measure={measure}
            side={side}
            interval={interval}
            zone={zone}
            features={features}
            onOpen={interval === "MONTH" ? undefined : openDay}
          />
          <AddsUp points={points} />
        </>
      )}
    </div>
  );
}

const unitWords = { MINUTE: "Minutes", HOUR: "Hours", DAY: "Days", MONTH: "Months" };

/** How gross, refunds and net hang together, and with what the ledger says. */
function AddsUp({ points }: { points: UsagePoint[] }) {
  const { spent, refunded, net } = creditSums(points);
  return (
    <p className={css.aside} data-spent={spent} data-refunded={refunded} data-net={net}>
      Gross {formatCredits(spent)} − refunded {formatCredits(refunded)} = net <strong>{formatCredits(net)} credits</strong>. The Ledger’s “Spent” and
      “Refunded” entries of this time add up to the same figures. A refund counts when it was made.
    </p>
  );
}

function usageCsv(points: UsagePoint[], zone: Zone): string {
  return toCsv(
    ["start", "feature", "bucket", "quantity", "credits", "refunded", "refunded_credits"],
    points.map((point) => [
      isoIn(zone, point.start),
      point.feature,
      point.kind,
      point.total,
      point.credits,
      point.refunded,
      point.refundedCredits,
    ]),
  );
}

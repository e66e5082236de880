import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import css from "./Overview.module.css";
import type { BurnDown } from "./useBurnDown";

const BurnChart = lazy(() => import("./BurnChart"));

/** The credits over time. */
export function ForecastPanel({ burnDown: { line, range, fault, reload } }: { burnDown: BurnDown }) {
  return (
    <section className={`card ${css.panel}`} aria-label="Forecast">
      <h2>Credits over time</h2>
      {line ? (
        <Suspense fallback={<Skeleton height={240} radius="md" />}>
          <BurnChart line={line} range={range} />
        </Suspense>
      ) : fault ? (
        <FaultNotice fault={fault} what="Loading the past balances" onRetry={reload} />
      ) : (
        <Skeleton height={240} radius="md" />
      )}
    </section>
  );
}

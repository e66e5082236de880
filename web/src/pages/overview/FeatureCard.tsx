import { formatQuantity, unitFor } from "../../format/quantity";
import { durationPer } from "../../format/duration";
import type { BucketFieldsFragment, FeatureFieldsFragment, PlanBucketFragment } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { CardSkeleton } from "../../parts/feedback/PageSkeleton";
import { vessels } from "../../parts/waterfall/flow";
import { WaterfallStrip } from "../../parts/waterfall/WaterfallStrip";
import { Answers } from "./Answers";
import { DeniedNotice } from "./DeniedNotice";
import css from "./Overview.module.css";
import { PaidNotice } from "./PaidNotice";
import { usePossible } from "./usePossible";

interface Props {
  accountId: string;
  userId: string;
  feature: FeatureFieldsFragment;
  waterfall: PlanBucketFragment[];
  ceilings: { limit: number; duration: string }[];
  buckets: BucketFieldsFragment[];
}

/** One feature: the three answers, then the waterfall behind them. */
export function FeatureCard({ accountId, userId, feature, waterfall, ceilings, buckets }: Props) {
  const stamp = JSON.stringify(buckets.map(({ used, remaining }) => [used, remaining]));
  const { data, fault, outdated, reload } = usePossible(accountId, userId, feature.key, stamp);
  const preview = data?.preview;
  if (fault) return <FaultNotice fault={fault} what={`Asking what is left of ${feature.name}`} onRetry={reload} />;
  if (!preview) return <CardSkeleton height={330} />;

  const strip = vessels(waterfall, buckets, preview.steps);
  return (
    <section className={`card ${css.feature}`} aria-label={feature.name} data-feature={feature.key}>
      <header className={css.head}>
        <h2>{feature.name}</h2>
        {ceilings.length > 0 && (
          <p className="muted">
            never more than{" "}
            {ceilings
              .map(({ limit, duration }) => `${formatQuantity(limit)} ${unitFor(limit, feature.unit)} per ${durationPer(duration)}`)
              .join(", ")}
          </p>
        )}
      </header>
      <Answers feature={feature} preview={preview} buckets={buckets} strip={strip} />
      {outdated && <FaultNotice fault={outdated} what="Asking again" onRetry={reload} />}
      <PaidNotice feature={feature} strip={strip} />
      <DeniedNotice preview={preview} />
      <div className={css.strip}>
        <WaterfallStrip feature={feature} vessels={strip} />
      </div>
    </section>
  );
}

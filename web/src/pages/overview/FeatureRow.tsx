import { useId, useState } from "react";
import { durationPer } from "../../format/duration";
import { formatQuantity, unitFor, withUnit } from "../../format/quantity";
import type { BucketFieldsFragment, FeatureFieldsFragment, PlanBucketFragment, PreviewFieldsFragment } from "../../gql/graphql";
import { Icon } from "../../parts/Icon";
import { Moment } from "../../parts/time/Times";
import { fullAgain, isUsed, nextRefill, nextRenewal, vessels } from "../../parts/waterfall/flow";
import { WaterfallStrip } from "../../parts/waterfall/WaterfallStrip";
import css from "./Overview.module.css";
import { sourceOf, standingOf } from "./standing";

interface Props {
  feature: FeatureFieldsFragment;
  waterfall: PlanBucketFragment[];
  ceilings: { limit: number; duration: string }[];
  buckets: BucketFieldsFragment[];
  preview: PreviewFieldsFragment;
  suspended: boolean;
  /** Whether the stair is open at first. */
  open: boolean;
}

/** A feature in one line: how much is left, what it costs after that, and when more comes back. It opens into the stair. */
export function FeatureRow({ feature, waterfall, ceilings, buckets, preview, suspended, open: openAtFirst }: Props) {
  const [open, setOpen] = useState(openAtFirst);
  const details = useId();
  const strip = vessels(waterfall, buckets, preview.steps);
  const { lead, rest, tone } = standingOf(preview, feature, suspended);
  const source = suspended ? null : sourceOf(preview, strip);
  return (
    <section className={`card ${css.feature}`} aria-label={feature.name} data-feature={feature.key} data-tone={tone}>
      <button type="button" className={css.row} aria-expanded={open} aria-controls={details} onClick={() => setOpen(!open)}>
        <bdi className={css.name}>{feature.name}</bdi>
        <span className={css.standing} data-headline>
          <strong>{lead}</strong>
          {rest && <span>, {rest}</span>}
        </span>
        <span className={css.back} data-back>
          <Back preview={preview} buckets={buckets} feature={feature} suspended={suspended} />
        </span>
        <span className={css.chevron} data-open={open || undefined}>
          <Icon name="right" size={16} />
        </span>
      </button>
      {open && (
        <div id={details} className={css.details}>
          <p className={css.source}>
            {source && <span data-source>{source}. </span>}
            {preview.status === "DENIED" && !suspended && <span>{preview.explanation} </span>}
            {!feature.divisible && preview.maxQuantity > 0 && (
              <span>
                Never split across sources: at most {withUnit(preview.maxQuantity, feature.unit)} in one request
                {preview.oneByOne > preview.maxQuantity && `, ${formatQuantity(preview.oneByOne)} one after the other`}.{" "}
              </span>
            )}
            {ceilings.length > 0 && (
              <span className="muted">
                Never more than{" "}
                {ceilings
                  .map(({ limit, duration }) => `${formatQuantity(limit)} ${unitFor(limit, feature.unit)} per ${durationPer(duration)}`)
                  .join(", ")}
                .
              </span>
            )}
          </p>
          <WaterfallStrip feature={feature} vessels={strip} suspended={suspended} />
        </div>
      )}
    </section>
  );
}

/** When more comes back, if anything does; of a suspended account nothing is promised. */
function Back({ preview, buckets, feature, suspended }: Pick<Props, "preview" | "buckets" | "feature" | "suspended">) {
  if (suspended) return null;
  if (preview.status === "DENIED") {
    const addCredits = preview.reason === "INSUFFICIENT_CREDITS" && feature.price;
    if (preview.retryAt) {
      return (
        <>
          Available again: <Moment at={preview.retryAt} />
          {addCredits && ". Need it now? Add credits"}
        </>
      );
    }
    const renews = nextRenewal(buckets);
    if (renews) {
      return (
        <>
          Renews <Moment at={renews} />
        </>
      );
    }
    return <>{addCredits ? "Add credits to go on" : "Nothing comes back by itself"}</>;
  }
  const next = nextRefill(buckets);
  const full = fullAgain(buckets);
  const renews = nextRenewal(buckets);
  if (full) {
    return (
      <>
        {next && next !== full ? (
          <>
            Next {unitFor(1, feature.unit)} back: <Moment at={next} /> · all back:{" "}
          </>
        ) : (
          "All back: "
        )}
        <Moment at={full} />
      </>
    );
  }
  if (renews) {
    return (
      <>
        Renews <Moment at={renews} />
      </>
    );
  }
  return <>{buckets.some(isUsed) ? "Nothing comes back by itself" : "Nothing used yet"}</>;
}

import { withCredits } from "../../format/credits";
import { formatQuantity, unitFor } from "../../format/quantity";
import type { BucketFieldsFragment, FeatureFieldsFragment, PossibleQuery } from "../../gql/graphql";
import { Countdown } from "../../parts/time/Times";
import { fullAgain, nextRefill, type Vessel } from "../../parts/waterfall/flow";
import { reasonWords } from "../../parts/words/words";
import css from "./Overview.module.css";

interface Props {
  feature: FeatureFieldsFragment;
  preview: PossibleQuery["preview"];
  buckets: BucketFieldsFragment[];
  strip: Vessel[];
}

/** The three answers that a reader comes for. */
export function Answers({ feature, preview, buckets, strip }: Props) {
  return (
    <dl className={css.answers}>
      <div>
        <dt>You can still do</dt>
        <dd className={css.big} data-denied={preview.status === "DENIED" || undefined}>
          {formatQuantity(preview.maxQuantity)} <small>{unitFor(preview.maxQuantity, feature.unit)}</small>
        </dd>
      </div>
      <div>
        <dt>Pays right now</dt>
        <dd>
          <Paying strip={strip} preview={preview} feature={feature} />
        </dd>
      </div>
      <div>
        <dt>More comes back</dt>
        <dd>
          <Back preview={preview} buckets={buckets} />
        </dd>
      </div>
    </dl>
  );
}

function Paying({ strip, preview, feature }: { strip: Vessel[]; preview: Props["preview"]; feature: FeatureFieldsFragment }) {
  const vessel = strip.find(({ state }) => state === "pays");
  if (!vessel) {
    return (
      <>
        <span className={css.denied}>Nothing</span>
        <span className={css.sub}>{reasonWords[preview.reason]}</span>
      </>
    );
  }
  const paid = vessel.kind === "CREDIT";
  return (
    <>
      <span className={paid ? css.paid : css.free}>{vessel.name}</span>
      <span className={css.sub}>
        {paid ? `${withCredits(preview.charged)} for the next ${unitFor(1, feature.unit)}` : "no credits are drawn"}
      </span>
    </>
  );
}

function Back({ preview, buckets }: { preview: Props["preview"]; buckets: BucketFieldsFragment[] }) {
  const next = preview.retryAt ?? nextRefill(buckets);
  const full = fullAgain(buckets);
  if (!next) {
    const used = buckets.some((bucket) => bucket.used > 0 && bucket.limit !== null);
    return <span className={css.sub}>{used ? "Nothing comes back by itself" : "Nothing is used, all of it is there"}</span>;
  }
  return (
    <>
      <span>
        in <Countdown to={next} done="a moment" />
      </span>
      {full && (
        <span className={css.sub}>
          all of it in <Countdown to={full} done="a moment" />
        </span>
      )}
    </>
  );
}

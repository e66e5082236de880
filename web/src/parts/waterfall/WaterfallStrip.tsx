import { durationAdjective, durationPer } from "../../format/duration";
import { formatCredits, isZero } from "../../format/credits";
import { formatQuantity, unitFor, withUnit } from "../../format/quantity";
import type { BucketFieldsFragment, FeatureFieldsFragment } from "../../gql/graphql";
import { Icon } from "../Icon";
import { Moment } from "../time/Times";
import { kindIcons } from "../words/words";
import { affordable, isCounter, level, tightWindow, type Vessel } from "./flow";
import css from "./WaterfallStrip.module.css";

interface Props {
  feature: FeatureFieldsFragment;
  vessels: Vessel[];
  /** Nothing of a suspended account is promised to come back. */
  suspended?: boolean;
}

/**
 * The signature of the portal: a feature's sources as vessels in the order in which they pay. The gauge of a
 * vessel is what is left in it; an empty one lets requests fall through to the next; the one that pays now is
 * marked. Of what the account holds nothing, only the name and the place are shown.
 */
export function WaterfallStrip({ feature, vessels, suspended = false }: Props) {
  const paying = vessels.findIndex(({ state }) => state === "pays");
  return (
    <ol className={css.strip} aria-label={`${feature.name}: the sources in the order in which they pay`}>
      {vessels.map((vessel, position) => (
        <li
          key={vessel.key}
          className={vessel.state === "none" ? css.chip : css.vessel}
          data-state={vessel.state}
          data-kind={vessel.kind}
          data-bucket={vessel.key}
          data-paid={!isZero(vessel.bucket?.credits ?? "0") || undefined}
          data-flows={(paying >= 0 && position <= paying) || undefined}
        >
          <div className={css.head}>
            <span className={css.number}>{position + 1}</span>
            <Icon name={kindIcons[vessel.kind]} size={16} />
            <span className={css.name} title={`Source ${vessel.key}`}>
              <bdi>{vessel.name}</bdi>
            </span>
            {vessel.state === "pays" && <span className={css.tag}>Pays now</span>}
            {vessel.state === "none" && <span className={css.small}>none</span>}
          </div>
          {vessel.state !== "none" && vessel.bucket && (
            <>
              <div className={css.gauge} style={{ "--level": level(vessel) }} aria-hidden="true" />
              <Figures bucket={vessel.bucket} feature={feature} />
              <Refill bucket={vessel.bucket} suspended={suspended} />
            </>
          )}
        </li>
      ))}
    </ol>
  );
}

function Figures({ bucket, feature }: { bucket: BucketFieldsFragment; feature: FeatureFieldsFragment }) {
  return (
    <div className={css.figures}>
      {isCounter(bucket) ? <Counted bucket={bucket} /> : <Given bucket={bucket} feature={feature} />}
    </div>
  );
}

function Counted({ bucket }: { bucket: BucketFieldsFragment }) {
  const tight = tightWindow(bucket);
  return (
    <>
      <strong className={css.left}>
        <span data-figure="remaining">{formatQuantity(bucket.remaining)}</span>{" "}
        <small>
          {bucket.limit === null ? "left" : <>of {formatQuantity(bucket.limit)} left</>}
        </small>
      </strong>
      {tight && <span className={css.small}>{durationAdjective(tight.duration)} limit is the tight one</span>}
    </>
  );
}

/** What grants hold: units of the feature, and credits with about what they pay for. */
function Given({ bucket, feature }: { bucket: BucketFieldsFragment; feature: FeatureFieldsFragment }) {
  const credits = bucket.credits ?? "0";
  const used = bucket.creditsUsed ?? "0";
  const paid = !isZero(credits) || (bucket.included === 0 && bucket.includedUsed === 0);
  return (
    <>
      {(bucket.included > 0 || !paid) && (
        <strong className={css.left}>
          <span data-figure="included">{formatQuantity(bucket.included)}</span> <small>left</small>
        </strong>
      )}
      {paid && (
        <strong className={css.left}>
          <span data-figure="credits">{formatCredits(credits)}</span> <small>cr</small>
        </strong>
      )}
      {!isZero(credits) && <span className={css.small}>{creditWords(bucket, feature)}</span>}
      {bucket.includedUsed > 0 && <span className={css.small}>{withUnit(bucket.includedUsed, feature.unit)} used</span>}
      {!isZero(used) && <span className={css.small}>{formatCredits(used)} cr used</span>}
    </>
  );
}

function creditWords(bucket: BucketFieldsFragment, { unit, price }: FeatureFieldsFragment): string {
  if (!price) return "no price is set, so they cannot pay";
  const units = affordable(bucket);
  const each = `${formatCredits(price.credits)} cr per ${price.per === 1 ? unitFor(1, unit) : withUnit(price.per, unit)}`;
  return units > 0 ? `≈ ${withUnit(units, unit)}, ${each}` : `not usable now, ${each}`;
}

function Refill({ bucket, suspended }: { bucket: BucketFieldsFragment; suspended: boolean }) {
  const { nextRefillAt, resetsAt, renewsAt, windows } = bucket;
  return (
    <dl className={css.refill}>
      {!suspended && nextRefillAt && nextRefillAt !== resetsAt && <Line name="Next back" at={nextRefillAt} />}
      {!suspended && resetsAt && <Line name="All back" at={resetsAt} />}
      {!suspended && renewsAt && <Line name="Renews" at={renewsAt} />}
      {windows.length > 1 &&
        windows.map((window) => (
          <div key={window.duration}>
            <dt>per {durationPer(window.duration)}</dt>
            <dd>
              {formatQuantity(window.remaining)} of {formatQuantity(window.limit)} left
            </dd>
          </div>
        ))}
    </dl>
  );
}

function Line({ name, at }: { name: string; at: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <Moment at={at} />
      </dd>
    </div>
  );
}

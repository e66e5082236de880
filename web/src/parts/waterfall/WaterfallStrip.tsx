import { formatQuantity, unitFor } from "../../format/quantity";
import { durationPer } from "../../format/duration";
import { formatCredits } from "../../format/credits";
import type { FeatureFieldsFragment } from "../../gql/graphql";
import { Icon } from "../Icon";
import { Countdown } from "../time/Times";
import { kindIcons } from "../words/words";
import { level, type Vessel } from "./flow";
import css from "./WaterfallStrip.module.css";

/**
 * The signature of the portal: a feature's buckets as vessels on a stair. Use fills a vessel;
 * a full one spills into the next; the one that pays now is marked.
 */
export function WaterfallStrip({ feature, vessels }: { feature: FeatureFieldsFragment; vessels: Vessel[] }) {
  const paying = vessels.findIndex(({ state }) => state === "pays");
  return (
    <ol className={css.strip} aria-label={`${feature.name}: the buckets in the order in which they pay`}>
      {vessels.map((vessel, position) => (
        <VesselCard key={vessel.key} vessel={vessel} feature={feature} position={position} flows={paying >= 0 && position <= paying} />
      ))}
    </ol>
  );
}

function VesselCard({
  vessel,
  feature,
  position,
  flows,
}: {
  vessel: Vessel;
  feature: FeatureFieldsFragment;
  position: number;
  flows: boolean;
}) {
  const filled = level(vessel.bucket);
  return (
    <li
      className={css.vessel}
      data-state={vessel.state}
      data-kind={vessel.kind}
      data-flows={flows || undefined}
      style={{ "--step": position }}
    >
      {position > 0 && <Fall />}
      <div className={css.body}>
        <div
          className={css.water}
          style={{ "--level": vessel.state === "full" ? 1 : vessel.state === "none" ? 0 : (filled ?? 0) }}
          aria-hidden="true"
        />
        <div className={css.name} title={`Bucket ${vessel.key}`}>
          <Icon name={kindIcons[vessel.kind]} size={17} />
          <span>{vessel.name}</span>
        </div>
        {vessel.state === "pays" && <span className={css.tag}>Pays now</span>}
        <Figures vessel={vessel} feature={feature} />
        <Refill vessel={vessel} />
      </div>
    </li>
  );
}

/** The water that comes over the edge of the vessel before. */
function Fall() {
  return (
    <svg className={css.fall} viewBox="0 0 28 34" aria-hidden="true" focusable="false">
      <path d="M0 6h10c8 0 10 6 10 14v12" fill="none" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}

function Figures({ vessel, feature }: { vessel: Vessel; feature: FeatureFieldsFragment }) {
  const { bucket, state } = vessel;
  if (state === "none" || !bucket) {
    return (
      <div className={css.figures}>
        <strong className={css.left}>—</strong>
        <span className={css.used}>nothing held</span>
      </div>
    );
  }
  return (
    <div className={css.figures}>
      <strong className={css.left}>
        {formatQuantity(bucket.remaining)} <small>left</small>
      </strong>
      {bucket.limit !== null ? (
        <span className={css.used}>
          {formatQuantity(bucket.used)} / {formatQuantity(bucket.limit)} used
        </span>
      ) : (
        <span className={css.used}>{priceWords(vessel, feature)}</span>
      )}
    </div>
  );
}

function priceWords({ kind, bucket }: Vessel, { price, unit }: FeatureFieldsFragment): string {
  if (kind !== "CREDIT" || !price) return `${formatQuantity(bucket?.used ?? 0)} used`;
  const per = price.per === 1 ? unitFor(1, unit) : `${formatQuantity(price.per)} ${unitFor(price.per, unit)}`;
  return `${formatCredits(price.credits)} cr per ${per}`;
}

function Refill({ vessel }: { vessel: Vessel }) {
  const { bucket } = vessel;
  if (!bucket || vessel.state === "none") return null;
  return (
    <dl className={css.refill}>
      {bucket.nextRefillAt && (
        <div>
          <dt>next unit</dt>
          <dd>
            <Countdown to={bucket.nextRefillAt} />
          </dd>
        </div>
      )}
      {bucket.resetsAt && (
        <div>
          <dt>full</dt>
          <dd>
            <Countdown to={bucket.resetsAt} />
          </dd>
        </div>
      )}
      {bucket.windows.length > 1 &&
        bucket.windows.map((window) => (
          <div key={window.duration}>
            <dt>per {durationPer(window.duration)}</dt>
            <dd>
              {formatQuantity(window.used)} / {formatQuantity(window.limit)}
            </dd>
          </div>
        ))}
    </dl>
  );
}

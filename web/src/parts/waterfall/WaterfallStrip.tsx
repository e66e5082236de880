import { formatQuantity, unitFor } from "../../format/quantity";
import { durationPer } from "../../format/duration";
import { formatCredits } from "../../format/credits";
import type { FeatureFieldsFragment } from "../../gql/graphql";
import { Icon } from "../Icon";
import { Countdown } from "../time/Times";
import { kindIcons } from "../words/words";
import { level, sizeOf, type Vessel } from "./flow";
import css from "./WaterfallStrip.module.css";

/**
 * The signature of the portal: a feature's buckets as vessels on a stair. The water in a vessel is
 * what is left in it; an empty one lets requests fall through to the next; the one that pays now is marked.
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
        <div className={css.water} style={{ "--level": level(vessel) }} aria-hidden="true" />
        {vessel.state === "pays" && <span className={css.tag}>Pays now</span>}
        <div className={css.name} title={`Bucket ${vessel.key}`}>
          <Icon name={kindIcons[vessel.kind]} size={17} />
          <span>{vessel.name}</span>
        </div>
        <Figures vessel={vessel} feature={feature} />
        <Refill vessel={vessel} />
      </div>
    </li>
  );
}

/** The way from the vessel before down into this one. */
function Fall() {
  return (
    <svg className={css.fall} viewBox="0 0 28 34" aria-hidden="true" focusable="false">
      <path d="M0 6h10c8 0 10 6 10 14v12" fill="none" strokeWidth="3" strokeLinecap="round" />
    </svg>
  );
}

function Figures({ vessel, feature }: { vessel: Vessel; feature: FeatureFieldsFragment }) {
  const { bucket, kind, state } = vessel;
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
      <span className={css.used}>
        {formatQuantity(bucket.used)} / {formatQuantity(sizeOf(bucket))} used
      </span>
      {kind === "CREDIT" && feature.price && <span className={css.used}>{priceWords(feature.price, feature.unit)}</span>}
    </div>
  );
}

function priceWords({ credits, per }: NonNullable<FeatureFieldsFragment["price"]>, unit: string): string {
  return `${formatCredits(credits)} cr per ${per === 1 ? unitFor(1, unit) : `${formatQuantity(per)} ${unitFor(per, unit)}`}`;
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

import { withCredits } from "../../format/credits";
import { formatQuantity, unitFor } from "../../format/quantity";
import type { PlanFieldsFragment } from "../../gql/graphql";
import { Icon } from "../../parts/Icon";
import { kindIcons } from "../../parts/words/words";
import css from "./Plans.module.css";
import { bucketLine, windowText } from "./planText";

/** A plan's features, each with its buckets in order. */
export function Waterfalls({ plan }: { plan: PlanFieldsFragment }) {
  return (
    <div className={css.features}>
      {plan.features.map(({ feature, waterfall, ceilings }) => (
        <div key={feature.key}>
          <h3>
            <bdi>{feature.name}</bdi>
          </h3>
          <ol className={css.buckets}>
            {waterfall.map((bucket, place) => (
              <li key={bucket.key} style={{ "--step": place }}>
                <Icon name={kindIcons[bucket.kind]} size={16} />
                <span>{bucketLine(bucket)}</span>
              </li>
            ))}
          </ol>
          <p className="muted">
            {feature.price
              ? `${withCredits(feature.price.credits)} per ${feature.price.per === 1 ? unitFor(1, feature.unit) : `${formatQuantity(feature.price.per)} ${unitFor(feature.price.per, feature.unit)}`}`
              : "No price: credits cannot pay for it"}
            {ceilings.length > 0 && ` · never more than ${ceilings.map(windowText).join(" and ")}`}
            {!feature.divisible && " · never split across sources"}
          </p>
        </div>
      ))}
    </div>
  );
}

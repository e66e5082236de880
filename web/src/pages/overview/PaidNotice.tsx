import { withCredits } from "../../format/credits";
import { formatQuantity, unitFor } from "../../format/quantity";
import type { FeatureFieldsFragment } from "../../gql/graphql";
import { Notice } from "../../parts/feedback/Notice";
import { Countdown } from "../../parts/time/Times";
import { nextRefill, type Vessel } from "../../parts/waterfall/flow";

/** Says plainly that from here on use costs money. Nothing while something else pays. */
export function PaidNotice({ feature, strip }: { feature: FeatureFieldsFragment; strip: Vessel[] }) {
  const paying = strip.findIndex(({ state, kind }) => state === "pays" && kind === "CREDIT");
  if (paying <= 0 || !feature.price) return null;
  const { credits, per } = feature.price;
  const free = nextRefill(strip.slice(0, paying).flatMap(({ bucket }) => (bucket ? [bucket] : [])));
  return (
    <Notice tone="paid">
      <strong>Paid credits are drawn now.</strong> What is included is used up; {per === 1 ? "each" : `every ${formatQuantity(per)}`}{" "}
      {unitFor(per, feature.unit)} {per === 1 ? "costs" : "cost"} {withCredits(credits)}
      {free ? (
        <>
          , until more comes back in <Countdown to={free} done="a moment" />.
        </>
      ) : (
        "."
      )}
    </Notice>
  );
}

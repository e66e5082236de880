import { Button } from "@mantine/core";
import { useSubscription } from "urql";
import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { withCredits } from "../../format/credits";
import { withUnit } from "../../format/quantity";
import { BucketsNowDocument, CheckDocument, type FeatureFieldsFragment, type PlanBucketFragment } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { CardSkeleton } from "../../parts/feedback/PageSkeleton";
import { Countdown } from "../../parts/time/Times";
import { StepFlow } from "../../parts/why/StepFlow";
import css from "./Check.module.css";

interface Props {
  accountId: string;
  userId: string;
  planFeature: { feature: FeatureFieldsFragment; waterfall: PlanBucketFragment[] };
  quantity: number;
  allowPartial: boolean;
  onTry: (quantity: number) => void;
}

/** Yes, in part, or no; what would pay; what the most is; and when it would be possible. */
export function CheckAnswer({ accountId, userId, planFeature, quantity, allowPartial, onTry }: Props) {
  const { feature } = planFeature;
  const { data, answers, fault, outdated, reload } = useData(CheckDocument, {
    input: { accountId, userId, feature: feature.key, quantity, allowPartial },
  });
  const [buckets] = useSubscription({ query: BucketsNowDocument, variables: { accountId, userId } });
  useRefresh(reload, JSON.stringify(buckets.data?.buckets.map(({ remaining }) => remaining)) ?? "");

  if (fault) return <FaultNotice fault={fault} what="Asking" onRetry={reload} />;
  if (!data) return <CardSkeleton height={300} />;
  const { preview } = data;
  const asked = answers?.input.quantity ?? quantity;
  const denied = preview.status === "DENIED";
  const part = !denied && preview.granted < asked;
  return (
    <section className={`card ${css.answer}`} aria-label="The answer">
      {outdated && <FaultNotice fault={outdated} what="Asking again" onRetry={reload} />}
      <div role="status">
        <p className={css.verdict} data-denied={denied || undefined}>
          {denied ? "No, not now" : part ? `Yes, ${withUnit(preview.granted, feature.unit)} of it` : "Yes"}
        </p>
        <p className={css.sentence}>{preview.explanation}</p>
      </div>
      <dl className={css.facts}>
        {!denied && (
          <div>
            <dt>It would cost</dt>
            <dd>{withCredits(preview.charged)}</dd>
          </div>
        )}
        <div>
          <dt>The most you could do now</dt>
          <dd>
            {withUnit(preview.maxQuantity, feature.unit)}{" "}
            {preview.maxQuantity > 0 && preview.maxQuantity !== quantity && (
              <Button variant="subtle" size="compact-sm" onClick={() => onTry(preview.maxQuantity)}>
                Try that
              </Button>
            )}
          </dd>
        </div>
        {denied && (
          <div>
            <dt>Possible without new credits</dt>
            <dd>
              {preview.retryAt ? (
                <>
                  in <Countdown to={preview.retryAt} done="a moment" />
                </>
              ) : (
                "not foreseeable"
              )}
            </dd>
          </div>
        )}
      </dl>
      <StepFlow
        asked={asked}
        granted={preview.granted}
        charged={preview.charged}
        steps={preview.steps}
        unit={feature.unit}
        denied={denied}
      />
    </section>
  );
}

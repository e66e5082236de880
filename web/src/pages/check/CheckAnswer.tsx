import { Button } from "@mantine/core";
import { useSubscription } from "urql";
import { useData } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { withCredits } from "../../format/credits";
import { withUnit } from "../../format/quantity";
import { BucketsNowDocument, CheckDocument, type FeatureFieldsFragment, type PlanBucketFragment, type PreviewFieldsFragment } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { CardSkeleton } from "../../parts/feedback/PageSkeleton";
import { Moment } from "../../parts/time/Times";
import { StepFlow } from "../../parts/why/StepFlow";
import css from "./Check.module.css";
import { verdictOf } from "./verdict";

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
  const { verdict, sentence, denied } = verdictOf(preview, asked, feature);
  return (
    <section className={`card ${css.answer}`} aria-label="The answer">
      {outdated && <FaultNotice fault={outdated} what="Asking again" onRetry={reload} />}
      <div role="status">
        <p className={css.verdict} data-denied={denied || undefined}>
          {verdict}
        </p>
        <p className={css.sentence}>{sentence}</p>
      </div>
      <dl className={css.facts}>
        {preview.status !== "DENIED" && (
          <div>
            <dt>It would cost</dt>
            <dd data-figure="charged">{withCredits(preview.charged)}</dd>
          </div>
        )}
        <div>
          <dt>Most in one request, now</dt>
          <dd>
            <span data-figure="maxQuantity">{withUnit(preview.maxQuantity, feature.unit)}</span>{" "}
            {preview.maxQuantity > 0 && preview.maxQuantity !== quantity && (
              <Button variant="subtle" size="compact-sm" onClick={() => onTry(preview.maxQuantity)}>
                Try that
              </Button>
            )}
          </dd>
        </div>
        {preview.oneByOne !== preview.maxQuantity && (
          <div>
            <dt>One after the other, now</dt>
            <dd data-figure="oneByOne">{withUnit(preview.oneByOne, feature.unit)}</dd>
          </div>
        )}
        {preview.status === "DENIED" && (
          <div>
            <dt>In one request</dt>
            <dd data-figure="retryAt">
              <Later preview={preview} priced={feature.price !== null} />
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
        denied={preview.status === "DENIED"}
      />
    </section>
  );
}

/** When it becomes possible, or what it takes. */
function Later({ preview: { retryAt, reason }, priced }: { preview: PreviewFieldsFragment; priced: boolean }) {
  if (retryAt) {
    return (
      <>
        possible again: <Moment at={retryAt} />
      </>
    );
  }
  if (reason === "ACCOUNT_SUSPENDED") return "when the account is active again";
  if (reason === "SPEND_CAP_REACHED") return "with a higher spend cap";
  return reason === "INSUFFICIENT_CREDITS" && priced ? "credits needed" : "not possible on this plan";
}

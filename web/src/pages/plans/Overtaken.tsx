import { Button } from "@mantine/core";
import { useData } from "../../api/useData";
import { PlanVersionDocument, WhoPublishedDocument, type PlanFieldsFragment } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { RowsSkeleton } from "../../parts/feedback/PageSkeleton";
import { Moment } from "../../parts/time/Times";
import { PlanDiff } from "./PlanDiff";
import { publicationOf } from "./publication";

interface Props {
  planKey: string;
  /** The version that the edit began from; null: none was there. */
  began: PlanFieldsFragment | null;
  /** The version that stands was seen: the edit goes on from it. */
  onSeen: (standing: PlanFieldsFragment) => void;
}

/** Somebody published the plan while it was edited here: who, why, and what they changed. */
export function Overtaken({ planKey, began, onSeen }: Props) {
  const plan = useData(PlanVersionDocument, { key: planKey });
  const log = useData(WhoPublishedDocument, {});
  if (plan.fault) return <FaultNotice fault={plan.fault} what="Loading what was published" onRetry={plan.reload} />;
  const standing = plan.data?.plan;
  if (!standing || !plan.fresh) return <RowsSkeleton rows={2} />;
  const by = publicationOf(log.data?.auditLog.edges.map(({ node }) => node) ?? [], standing);
  return (
    <div role="alert">
      <p>
        {by ? <bdi>{by.actor}</bdi> : "Somebody"} published version {standing.version} of <bdi>{standing.name}</bdi>,{" "}
        <Moment at={standing.publishedAt} />
        {by && (
          <>
            : “<bdi>{by.reason}</bdi>”
          </>
        )}
        . {began ? "Nothing of yours was published, and what you typed is kept. They changed:" : "The key is taken: choose another one."}
      </p>
      {began && (
        <>
          <PlanDiff older={began} newer={standing} />
          <p>Publishing yours would put back what differs. Close this to take over what you want to keep, or go on:</p>
          <Button variant="default" onClick={() => onSeen(standing)}>
            Compare mine with version {standing.version}
          </Button>
        </>
      )}
    </div>
  );
}

import { useState } from "react";
import { Link, useParams } from "react-router";
import { useData } from "../../api/useData";
import { PlansDocument, PlanVersionDocument, type FeatureFieldsFragment, type PlanFieldsFragment } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { NotThere } from "../../parts/feedback/NotThere";
import { PageSkeleton } from "../../parts/feedback/PageSkeleton";
import { PageTitle } from "../../parts/shell/PageTitle";
import { fromDraft, toDraft, type Draft } from "./draft";
import { PlanForm } from "./PlanForm";
import { PublishPanel } from "./PublishPanel";

/** Makes a plan, or the next version of one. Nothing changes for anyone until it is published. */
export default function PlanEditorPage() {
  const { key } = useParams();
  const all = useData(PlansDocument, {});
  const plan = useData(PlanVersionDocument, { key: key ?? "" }, key === undefined);
  for (const { fault, reload } of key === undefined ? [all] : [all, plan]) {
    if (fault) return <FaultNotice fault={fault} what="Loading the plan" onRetry={reload} />;
  }
  if (!all.data || (key !== undefined && !plan.data)) return <PageSkeleton />;
  if (key !== undefined && !plan.data?.plan) {
    return (
      <NotThere icon="plans" title="There is no such plan">
        <Link to="/plans">See all plans</Link>
      </NotThere>
    );
  }
  return <Editor key={key} published={plan.data?.plan ?? null} features={all.data.features} />;
}

const empty: Draft = { key: "", name: "", features: [] };

function Editor({ published, features }: { published: PlanFieldsFragment | null; features: FeatureFieldsFragment[] }) {
  // What is being edited began from this version; neither publishing nor another editor pulls it away from under the
  // form. It moves on only when this editor has seen what was published meanwhile.
  const [began, setBegan] = useState(published);
  const [draft, setDraft] = useState<Draft>(() => (published ? toDraft(published) : empty));
  return (
    <>
      <PageTitle
        title={began ? `Edit ${began.name}` : "New plan"}
        sub={
          began
            ? `From version ${began.version}. Accounts on the plan follow as soon as the next version is published.`
            : "A plan says which buckets pay for which feature, and in which order."
        }
      />
      <PlanForm draft={draft} onChange={setDraft} features={features} isNew={!began} />
      <PublishPanel draft={fromDraft(draft)} began={began} features={features} onSeen={setBegan} />
    </>
  );
}

import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useAction } from "../../api/useAction";
import { PublishPlanDocument, type FeatureFieldsFragment, type PlanFieldsFragment, type PlanInput } from "../../gql/graphql";
import { ActionDialog } from "../../parts/actions/ActionDialog";
import { Notice } from "../../parts/feedback/Notice";
import css from "./Editor.module.css";
import { planOf } from "./planOf";
import { PlanDiff } from "./PlanDiff";
import { Simulation } from "./Simulation";

interface Props {
  draft: { input: PlanInput } | { problem: string };
  began: PlanFieldsFragment | null;
  features: FeatureFieldsFragment[];
}

/** Before anything changes: what differs, what it would have meant for a real account; then the publishing. */
export function PublishPanel({ draft, began, features }: Props) {
  const [accountId, setAccountId] = useState("");
  const [days, setDays] = useState("7");
  const [publishing, setPublishing] = useState(false);
  if ("problem" in draft) {
    return (
      <section className={`card ${css.publish}`} aria-label="Publish">
        <h2>Before it is published</h2>
        <Notice>{draft.problem}</Notice>
      </section>
    );
  }
  return (
    <section className={`card ${css.publish}`} aria-label="Publish">
      <h2>Before it is published</h2>
      {began && <PlanDiff older={began} newer={planOf(draft.input, features)} />}
      <div className="row end">
        <TextInput
          label="Simulate on the account"
          description="Its real requests, replayed through this plan"
          placeholder="Account id"
          value={accountId}
          onChange={(event) => setAccountId(event.currentTarget.value.trim())}
          autoComplete="off"
          spellCheck={false}
        />
        <NativeSelect
          label="Over the last"
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
          data={["1", "7", "30"].map((value) => ({ value, label: value === "1" ? "day" : `${value} days` }))}
        />
      </div>
      <Simulation accountId={accountId} plan={draft.input} days={Number(days)} />
      <Button style={{ justifySelf: "start" }} onClick={() => setPublishing(true)}>
        Publish …
      </Button>
      {publishing && <PublishDialog input={draft.input} began={began} features={features} onClose={() => setPublishing(false)} />}
    </section>
  );
}

function PublishDialog({
  input,
  began,
  features,
  onClose,
}: {
  input: PlanInput;
  began: PlanFieldsFragment | null;
  features: FeatureFieldsFragment[];
  onClose: () => void;
}) {
  const action = useAction(PublishPlanDocument);
  const published = action.result?.publishPlan;
  return (
    <ActionDialog
      title={`Publish ${input.name}`}
      verb="Publish"
      onClose={onClose}
      onSubmit={(reason) => void action.run({ input, reason })}
      running={action.running}
      fault={action.fault}
      result={
        published && (
          <>
            <strong>
              {published.name}, version {published.version}
            </strong>{" "}
            is in force. <Link to={`/plans/${encodeURIComponent(published.key)}`}>See it</Link>
          </>
        )
      }
      effect={
        began ? (
          <>
            <p>Every account on {began.name} follows at once; what was used so far still counts.</p>
            <PlanDiff older={began} newer={planOf(input, features)} />
          </>
        ) : (
          <p>The plan can be given to accounts then. Nobody is on it yet.</p>
        )
      }
    />
  );
}

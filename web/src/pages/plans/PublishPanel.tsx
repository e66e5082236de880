import { Button, NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useAction } from "../../api/useAction";
import { PublishPlanDocument, type FeatureFieldsFragment, type PlanFieldsFragment, type PlanInput } from "../../gql/graphql";
import { ActionDialog } from "../../parts/actions/ActionDialog";
import { Notice } from "../../parts/feedback/Notice";
import css from "./Editor.module.css";
import { Overtaken } from "./Overtaken";
import { planOf } from "./planOf";
import { PlanDiff } from "./PlanDiff";
import { countChanges } from "./planDiff";
import { Simulation } from "./Simulation";

interface Props {
  draft: { input: PlanInput } | { problem: string };
  began: PlanFieldsFragment | null;
  features: FeatureFieldsFragment[];
  onSeen: (standing: PlanFieldsFragment) => void;
}

/** Before anything changes: what differs, what it would have meant for a real account; and the bar that publishes it. */
export function PublishPanel({ draft, began, features, onSeen }: Props) {
  const [accountId, setAccountId] = useState("");
  const [days, setDays] = useState("7");
  const [publishing, setPublishing] = useState(false);
  const input = "problem" in draft ? null : draft.input;
  const changes = input && began ? countChanges(began, planOf(input, features)) : null;
  return (
    <>
      <section className={`card ${css.publish}`} aria-label="Before it is published">
        <h2>Before it is published</h2>
        {!input ? (
          <Notice>{"problem" in draft && draft.problem}</Notice>
        ) : (
          <>
            {began && <PlanDiff older={began} newer={planOf(input, features)} />}
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
            <Simulation accountId={accountId} plan={input} days={Number(days)} />
          </>
        )}
      </section>
      <section className={css.bar} aria-label="Publish">
        <span>{!input ? "Not ready yet" : changes === null ? "A new plan" : changesText(changes)}</span>
        <Button disabled={!input || changes === 0} onClick={() => setPublishing(true)}>
          Publish …
        </Button>
      </section>
      {publishing && input && (
        <PublishDialog input={input} began={began} features={features} onSeen={onSeen} onClose={() => setPublishing(false)} />
      )}
    </>
  );
}

function changesText(count: number): string {
  if (count === 0) return "No changes";
  return count === 1 ? "1 change" : `${count} changes`;
}

interface DialogProps {
  input: PlanInput;
  began: PlanFieldsFragment | null;
  features: FeatureFieldsFragment[];
  onSeen: (standing: PlanFieldsFragment) => void;
  onClose: () => void;
}

/**
 * Publishes over the version that the edit began from and over no other one: where somebody was faster, it shows
 * what they changed. What was typed stays, and can be published over that, once it was seen.
 */
function PublishDialog({ input, began, features, onSeen, onClose }: DialogProps) {
  const action = useAction(PublishPlanDocument);
  const published = action.result?.publishPlan;
  const overtaken = action.fault?.code === "CONFLICT";
  return (
    <ActionDialog
      title={`Publish ${input.name}`}
      verb="Publish"
      onClose={onClose}
      onSubmit={(reason) => void action.run({ input, expectedVersion: began?.version ?? 0, reason })}
      running={action.running}
      fault={overtaken ? null : action.fault}
      valid={!overtaken}
      result={
        published && (
          <>
            <strong>
              <bdi>{published.name}</bdi>, version {published.version}
            </strong>{" "}
            is in force. <Link to={`/plans/${encodeURIComponent(published.key)}`}>See it</Link>
          </>
        )
      }
      effect={
        overtaken ? (
          <Overtaken
            planKey={input.key}
            began={began}
            onSeen={(standing) => {
              onSeen(standing);
              action.reset();
            }}
          />
        ) : began ? (
          <>
            <p>
              Every account on <bdi>{began.name}</bdi> follows at once; what was used so far still counts.
            </p>
            <PlanDiff older={began} newer={planOf(input, features)} />
          </>
        ) : (
          <p>The plan can be given to accounts then. Nobody is on it yet.</p>
        )
      }
    />
  );
}

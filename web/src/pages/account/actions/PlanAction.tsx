import { NativeSelect } from "@mantine/core";
import { useState } from "react";
import { useAction } from "../../../api/useAction";
import { useData } from "../../../api/useData";
import { AssignPlanDocument, PlansDocument } from "../../../gql/graphql";
import { ActionDialog, Change } from "../../../parts/actions/ActionDialog";
import { PlanDiff } from "../../plans/PlanDiff";
import { newest } from "../../plans/newest";
import { planInput } from "../../plans/planText";
import { Simulation } from "../../plans/Simulation";
import type { AccountHead } from "../accountHead";

/** Puts the account on another plan, with what differs and what its last week would have been like. */
export function PlanAction({ account, onClose, onDone }: { account: AccountHead; onClose: () => void; onDone: () => void }) {
  const { data, fault } = useData(PlansDocument, {});
  const [before] = useState(account.plan);
  const [chosen, setChosen] = useState("");
  const action = useAction(AssignPlanDocument);
  const plans = newest(data?.plans ?? []);
  const others = plans.filter(({ key }) => key !== before.key);
  const now = plans.find(({ key }) => key === before.key);
  const next = plans.find(({ key }) => key === chosen);
  const assigned = action.result?.assignPlan.plan;
  return (
    <ActionDialog
      title={`Change the plan of ${account.name}`}
      verb="Change the plan"
      onClose={onClose}
      onSubmit={(reason) => void action.run({ accountId: account.id, plan: chosen, reason }).then((done) => done && onDone())}
      running={action.running}
      fault={action.fault ?? fault}
      valid={next !== undefined}
      result={
        assigned && (
          <>
            <bdi>{account.name}</bdi> is on <bdi>{assigned.name}</bdi>, version {assigned.version}. What was used so far still counts.
          </>
        )
      }
      effect={
        next && now ? (
          <>
            <Change name="Plan" from={before.name} to={next.name} />
            <PlanDiff older={now} newer={next} />
            <Simulation accountId={account.id} plan={planInput(next)} days={7} auto />
          </>
        ) : (
          <p>Choose a plan to see what differs, and what the last 7 days would have been like with it.</p>
        )
      }
    >
      <NativeSelect
        label="New plan"
        value={chosen}
        onChange={(event) => setChosen(event.currentTarget.value)}
        data={[{ value: "", label: "Choose a plan" }, ...others.map(({ key, name }) => ({ value: key, label: `${name} (${key})` }))]}
        data-autofocus
      />
    </ActionDialog>
  );
}

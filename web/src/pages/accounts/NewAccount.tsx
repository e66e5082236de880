import { NativeSelect, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { useAction } from "../../api/useAction";
import { useData } from "../../api/useData";
import { CreateAccountDocument, PlansDocument } from "../../gql/graphql";
import { ActionDialog } from "../../parts/actions/ActionDialog";

const idShape = /^[A-Za-z0-9._:@/-]{1,128}$/;

/** Makes an account on a plan. */
export function NewAccount({ onClose, onCreated }: { onClose: () => void; onCreated: () => void }) {
  const plans = useData(PlansDocument, {});
  const [id, setId] = useState("");
  const [name, setName] = useState("");
  const [chosen, setPlan] = useState("");
  const action = useAction(CreateAccountDocument);
  const keys = [...new Map(plans.data?.plans.map((plan) => [plan.key, plan.name])).entries()];
  const plan = chosen || keys[0]?.[0] || "";
  const created = action.result?.createAccount;
  return (
    <ActionDialog
      title="New account"
      verb="Create the account"
      onClose={onClose}
      onSubmit={(reason) => void action.run({ input: { id, name: name.trim(), plan, reason } }).then((done) => done && onCreated())}
      running={action.running}
      fault={action.fault ?? plans.fault}
      valid={idShape.test(id) && name.trim() !== "" && plan !== ""}
      result={
        created && (
          <>
            <strong>
              <bdi>{created.name}</bdi>
            </strong> is ready. <Link to={`/accounts/${encodeURIComponent(created.id)}`}>Open it</Link>
          </>
        )
      }
      effect={<p>A new account begins on the newest version of its plan, active, without credits.</p>}
    >
      <TextInput
        label="Id"
        description="Letters, digits and . _ : @ / -, at most 128. It never changes."
        value={id}
        onChange={(event) => setId(event.currentTarget.value)}
        error={id !== "" && !idShape.test(id) ? "This has a character that an id may not have." : undefined}
        required
        data-autofocus
        autoComplete="off"
      />
      <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} required autoComplete="off" />
      <NativeSelect
        label="Plan"
        value={plan}
        onChange={(event) => setPlan(event.currentTarget.value)}
        data={keys.map(([value, label]) => ({ value, label: `${label} (${value})` }))}
        required
      />
    </ActionDialog>
  );
}

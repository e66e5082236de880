import { Button } from "@mantine/core";
import { useState } from "react";
import { useAction } from "../../../api/useAction";
import { isZero } from "../../../format/credits";
import { VoidGrantDocument, type GrantFieldsFragment } from "../../../gql/graphql";
import { ActionDialog, Change } from "../../../parts/actions/ActionDialog";
import { Amount } from "../../../parts/money/Amount";

interface Props {
  accountId: string;
  grant: GrantFieldsFragment;
  onDone: () => void;
}

/** Takes back what is left of a grant. */
export function VoidButton({ accountId, grant, onDone }: Props) {
  const [open, setOpen] = useState(false);
  const action = useAction(VoidGrantDocument);
  const unit = grant.features?.[0]?.unit;
  const close = () => {
    setOpen(false);
    if (action.result) onDone();
  };
  return (
    <>
      <Button variant="subtle" size="compact-sm" onClick={() => setOpen(true)} aria-label={`Void the grant ${grant.note ?? grant.id}`}>
        Void
      </Button>
      {open && (
        <ActionDialog
          title="Void this grant"
          verb="Void the grant"
          danger
          onClose={close}
          onSubmit={(reason) => void action.run({ accountId, grantId: grant.id, reason })}
          running={action.running}
          fault={action.fault}
          result={action.result && <>The grant is void. What was spent from it before stays spent.</>}
          effect={
            <>
              <Change
                name="Left in the grant"
                from={<Amount amount={grant.remaining} denomination={grant.denomination} unit={unit} />}
                to={<Amount amount="0" denomination={grant.denomination} unit={unit} />}
              />
              {!isZero(grant.held) && (
                <p>
                  <Amount amount={grant.held} denomination={grant.denomination} unit={unit} /> on hold can still be settled; what a hold
                  gives back goes too.
                </p>
              )}
              <p>This cannot be undone.</p>
            </>
          }
        />
      )}
    </>
  );
}

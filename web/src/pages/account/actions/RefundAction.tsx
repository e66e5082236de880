import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { useAction } from "../../../api/useAction";
import { formatCredits, isZero, subtractCredits, withCredits } from "../../../format/credits";
import { newKey } from "../../../format/key";
import { formatQuantity, withUnit } from "../../../format/quantity";
import { readQuantity } from "../../../format/typed";
import { RefundDocument } from "../../../gql/graphql";
import { ActionDialog } from "../../../parts/actions/ActionDialog";
import type { Explained } from "../../../parts/why/explained";

interface Props {
  accountId: string;
  decision: Explained;
  onDone: () => void;
}

/** Gives back what a decision drew, all of it or a part. */
export function RefundButton({ accountId, decision, onDone }: Props) {
  const [open, setOpen] = useState(false);
  const left = decision.granted - decision.refunded;
  // While the dialog is open it stays, though the refund it made leaves nothing more to refund.
  if (!open && (left <= 0 || (decision.status !== "ALLOWED" && decision.status !== "SETTLED"))) return null;
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)} style={{ justifySelf: "start" }}>
        Refund
      </Button>
      {open && <RefundDialog accountId={accountId} decision={decision} left={left} onDone={onDone} onClose={() => setOpen(false)} />}
    </>
  );
}

function RefundDialog({ accountId, onDone, onClose, ...given }: Props & { left: number; onClose: () => void }) {
  // The decision as it was when the dialog was opened: the page behind it moves on with the refund.
  const [{ decision, left }] = useState(given);
  const [text, setText] = useState(String(left));
  const [idempotencyKey] = useState(newKey);
  const action = useAction(RefundDocument);
  const typed = readQuantity(text);
  const quantity = "quantity" in typed ? typed.quantity : null;
  const valid = quantity !== null && quantity <= left;
  const { unit } = decision.feature;
  const refunded = action.result?.refund;
  return (
    <ActionDialog
      title="Refund this decision"
      verb="Refund"
      onClose={() => {
        onClose();
        if (action.result) onDone();
      }}
      onSubmit={(reason) =>
        void action.run({ accountId, decisionId: decision.id, quantity: quantity === left ? null : quantity, idempotencyKey, reason })
      }
      running={action.running}
      fault={action.fault}
      valid={valid}
      result={
        refunded && (
          <>
            {withUnit(refunded.refunded - decision.refunded, unit)} and{" "}
            {withCredits(subtractCredits(refunded.refundedCredits, decision.refundedCredits))} were given back.
          </>
        )
      }
      effect={
        valid ? (
          <p>
            Gives back {withUnit(quantity, unit)}, last drawn first, each to where it was drawn.
            {!isZero(decision.charged) &&
              ` Of the ${withCredits(decision.charged)} charged, ${formatCredits(subtractCredits(decision.charged, decision.refundedCredits))} can still be given back${quantity < left ? "; the server works out the share of this part" : ""}.`}
          </p>
        ) : (
          <p>Fill in how much to see what is given back.</p>
        )
      }
    >
      <TextInput
        label="How much"
        description={`Not refunded yet: ${withUnit(left, unit)}`}
        inputMode="numeric"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        error={valid ? undefined : "readings" in typed && typed.readings.length > 0 ? typed.problem : `A whole number from 1 to ${formatQuantity(left)}`}
        autoComplete="off"
        data-autofocus
      />
    </ActionDialog>
  );
}

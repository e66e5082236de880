import { Button } from "@mantine/core";
import { useState } from "react";
import type { AccountHead } from "./accountHead";
import { GrantAction } from "./actions/GrantAction";
import { PlanAction } from "./actions/PlanAction";
import { SpendCapAction } from "./actions/SpendCapAction";
import { StatusAction } from "./actions/StatusAction";

type Name = "grant" | "plan" | "cap" | "status";

/** What an admin may change about an account. */
export function AccountActions({ account, onChanged }: { account: AccountHead; onChanged: () => void }) {
  const [open, setOpen] = useState<Name | null>(null);
  const props = { account, onClose: () => setOpen(null), onDone: onChanged };
  return (
    <>
      <Button onClick={() => setOpen("grant")}>Give a grant</Button>
      <Button variant="default" onClick={() => setOpen("plan")}>
        Change plan
      </Button>
      <Button variant="default" onClick={() => setOpen("cap")}>
        Spend cap
      </Button>
      <Button variant="default" onClick={() => setOpen("status")}>
        {account.status === "ACTIVE" ? "Suspend" : "Activate"}
      </Button>
      {open === "grant" && <GrantAction {...props} />}
      {open === "plan" && <PlanAction {...props} />}
      {open === "cap" && <SpendCapAction {...props} />}
      {open === "status" && <StatusAction {...props} />}
    </>
  );
}

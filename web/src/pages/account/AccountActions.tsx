import { ActionIcon, Button, Menu } from "@mantine/core";
import { useState } from "react";
import type { AccountHead } from "./accountHead";
import { GrantAction } from "./actions/GrantAction";
import { PlanAction } from "./actions/PlanAction";
import { SpendCapAction } from "./actions/SpendCapAction";
import css from "./actions/Actions.module.css";
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
      {account.status === "SUSPENDED" && (
        <Button variant="default" onClick={() => setOpen("status")}>
          Activate
        </Button>
      )}
      {account.status === "ACTIVE" && (
        <Menu position="bottom-end" withinPortal={false} transitionProps={{ duration: 0 }}>
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label="More actions">
              <span aria-hidden="true">⋯</span>
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item className={css.danger} onClick={() => setOpen("status")}>
              Suspend …
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {open === "grant" && <GrantAction {...props} />}
      {open === "plan" && <PlanAction {...props} />}
      {open === "cap" && <SpendCapAction {...props} />}
      {open === "status" && <StatusAction {...props} />}
    </>
  );
}

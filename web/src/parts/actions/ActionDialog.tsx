import { Button, Modal, TextInput } from "@mantine/core";
import { useId, useState, type FormEvent, type ReactNode } from "react";
import type { Fault } from "../../api/fault";
import { FaultNotice } from "../feedback/FaultNotice";
import { Icon } from "../Icon";
import { useFocusReturn } from "../useFocusReturn";
import css from "./Actions.module.css";
import { lastReasons, rememberReason } from "./reasons";

interface Props {
  title: string;
  /** The button that does it: "Suspend", "Give the grant". */
  verb: string;
  onClose: () => void;
  onSubmit: (reason: string) => void;
  running: boolean;
  fault: Fault | null;
  /** What was done, once it is. */
  result: ReactNode | null;
  /** What will change, from what to what. */
  effect: ReactNode;
  /** Whether the fields can be sent. */
  valid?: boolean;
  danger?: boolean;
  children?: ReactNode;
}

/** Every change that an admin makes: the fields, what it will do, why it is done, and then what came of it. */
export function ActionDialog({
  title,
  verb,
  onClose,
  onSubmit,
  running,
  fault,
  result,
  effect,
  valid = true,
  danger = false,
  children,
}: Props) {
  const [reason, setReason] = useState("");
  const effectId = useId();
  const reasonsId = useId();
  useFocusReturn(true);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!valid || !reason.trim()) return;
    rememberReason(reason.trim());
    onSubmit(reason.trim());
  }
  return (
    <Modal opened onClose={onClose} title={<strong>{title}</strong>} size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      {result ? (
        <div className={css.result} role="status">
          <span className={css.tick}>
            <Icon name="tick" size={22} />
          </span>
          <div>{result}</div>
          <Button onClick={onClose} data-autofocus>
            Done
          </Button>
        </div>
      ) : (
        <form className="stack" onSubmit={submit} aria-describedby={effectId}>
          {children}
          <div className={css.effect} id={effectId} data-danger={danger || undefined}>
            <h3>What this does</h3>
            <div>{effect}</div>
          </div>
          <div className={css.foot}>
            <TextInput
              label="Reason"
              description="Kept in the audit log."
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              list={reasonsId}
              autoComplete="off"
              required
            />
            <datalist id={reasonsId}>
              {lastReasons().map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
            {fault && <FaultNotice fault={fault} what={verb} />}
            <div className="row" style={{ justifyContent: "flex-end" }}>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={running} disabled={!valid || !reason.trim()} className={danger ? css.danger : undefined}>
                {fault ? "Try again" : verb}
              </Button>
            </div>
          </div>
        </form>
      )}
    </Modal>
  );
}

/** One value before and after. */
export function Change({ name, from, to }: { name: string; from: ReactNode; to: ReactNode }) {
  return (
    <p className={css.change}>
      <span>{name}</span> <span className="muted">{from}</span> <span aria-hidden="true">→</span>
      <span className="unseen"> becomes </span> <strong>{to}</strong>
    </p>
  );
}

import { Button } from "@mantine/core";
import type { Fault } from "../../api/fault";
import { Icon } from "../Icon";
import css from "./Feedback.module.css";

interface Props {
  fault: Fault;
  onRetry?: () => void;
}

/** What went wrong in words, the request id for support, and a retry. Where the server was not reached the page asks again by itself. */
export function FaultNotice({ what, ...rest }: Props & { what: string }) {
  return <Failed title={`${what} did not work.`} {...rest} />;
}

/** What is shown stays as it was: nothing newer arrives by itself until the retry works. */
export function LivePaused(props: Props) {
  return <Failed title="Live updates paused." {...props} />;
}

function Failed({ fault, title, onRetry }: Props & { title: string }) {
  return (
    <div className={css.fault} role="alert">
      <Icon name="alert" />
      <div className={css.text}>
        <strong>{fault.code === "NETWORK" ? away() : title}</strong>
        {fault.code !== "NETWORK" && <p>{explain(fault)}</p>}
        {fault.requestId && (
          <p className={css.id}>
            Request <span className="mono">{fault.requestId}</span>
          </p>
        )}
      </div>
      {onRetry && (
        <Button variant="default" size="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

function away(): string {
  return navigator.onLine ? "The server is out of reach. We’ll reload this when it is back." : "You’re offline. We’ll reload this when you’re back.";
}

function explain({ code, message }: Fault): string {
  if (code === "UNAVAILABLE") return `${message} The service will be back; trying again is safe.`;
  return message;
}

import { useConnection } from "../../api/ApiContext";
import type { ConnectionState as State } from "../../api/connection";
import css from "./Shell.module.css";

const words: Record<State, string> = {
  connecting: "Connecting …",
  live: "Live",
  lost: "Connection lost, trying again …",
};

/** Whether what the page shows is still live. */
export function ConnectionState() {
  const { state } = useConnection();
  return (
    <p className={css.connection} data-state={state} role="status">
      <span aria-hidden="true" />
      {words[state]}
    </p>
  );
}

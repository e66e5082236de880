import type { DecisionStatus } from "../../gql/graphql";
import { statusWords } from "../words/words";
import css from "./Decisions.module.css";

/** A decision's status in a word; only what is out of the ordinary stands out. */
export function StatusPill({ status }: { status: DecisionStatus }) {
  return (
    <span className={css.pill} data-status={status}>
      {statusWords[status]}
    </span>
  );
}

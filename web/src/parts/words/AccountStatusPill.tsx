import type { AccountStatus } from "../../gql/graphql";
import css from "../decisions/Decisions.module.css";
import { accountStatusWords } from "./words";

/** An account's status in a word. */
export function AccountStatusPill({ status }: { status: AccountStatus }) {
  return (
    <span className={css.pill} data-status={status === "SUSPENDED" ? "DENIED" : "ALLOWED"}>
      {accountStatusWords[status]}
    </span>
  );
}

import { useAction } from "../../../api/useAction";
import { SetAccountStatusDocument } from "../../../gql/graphql";
import { ActionDialog, Change } from "../../../parts/actions/ActionDialog";
import { Moment } from "../../../parts/time/Times";
import { accountStatusWords } from "../../../parts/words/words";
import type { AccountHead } from "../accountHead";

/** Suspends an account, or activates it again. */
export function StatusAction({ account, onClose, onDone }: { account: AccountHead; onClose: () => void; onDone: () => void }) {
  const action = useAction(SetAccountStatusDocument);
  // The page behind shows the new status as soon as it is set; the dialog keeps speaking of what it did.
  const before = action.result ? (action.result.setAccountStatus.status === "SUSPENDED" ? "ACTIVE" : "SUSPENDED") : account.status;
  const suspending = before === "ACTIVE";
  const next = suspending ? "SUSPENDED" : "ACTIVE";
  const last = account.decisions.edges[0]?.node;
  return (
    <ActionDialog
      title={`${suspending ? "Suspend" : "Activate"} ${account.name}`}
      verb={suspending ? "Suspend" : "Activate"}
      danger={suspending}
      onClose={onClose}
      onSubmit={(reason) => void action.run({ accountId: account.id, status: next, reason }).then((done) => done && onDone())}
      running={action.running}
      fault={action.fault}
      result={
        action.result && (
          <>
            <bdi>{account.name}</bdi> is {suspending ? "suspended: every request is denied from now on." : "active again."}
          </>
        )
      }
      effect={
        <>
          <Change name="Status" from={accountStatusWords[account.status]} to={accountStatusWords[next]} />
          {suspending ? (
            <p>Every request is denied from that moment; open holds can still be settled or released.</p>
          ) : (
            <p>Requests are decided by the plan again.</p>
          )}
          {last && (
            <p>
              Last active <Moment at={last.createdAt} />, by <bdi>{last.userId}</bdi>.
            </p>
          )}
        </>
      }
    />
  );
}

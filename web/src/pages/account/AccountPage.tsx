import { Tabs } from "@mantine/core";
import { useState } from "react";
import { Link, useNavigate, useParams, useSearchParams } from "react-router";
import { useData } from "../../api/useData";
import { AccountHeadDocument } from "../../gql/graphql";
import { FaultNotice } from "../../parts/feedback/FaultNotice";
import { NotThere } from "../../parts/feedback/NotThere";
import { PageSkeleton } from "../../parts/feedback/PageSkeleton";
import { PageTitle } from "../../parts/shell/PageTitle";
import { AccountStatusPill } from "../../parts/words/AccountStatusPill";
import { AuditList } from "../audit/AuditList";
import { Check } from "../check/Check";
import { Credits } from "../credits/Credits";
import { History } from "../history/History";
import { Overview } from "../overview/Overview";
import { AccountActions } from "./AccountActions";
import { RefundButton } from "./actions/RefundAction";
import { VoidButton } from "./actions/VoidAction";
import type { AccountHead } from "./accountHead";
import { UserPicker } from "./UserPicker";

const parts = [
  ["overview", "Overview"],
  ["history", "History"],
  ["credits", "Credits"],
  ["check", "Check"],
  ["audit", "Audit"],
] as const;

/** An account as its users see it, and what an admin may do with it. */
export default function AccountPage() {
  const { accountId = "", part = "overview" } = useParams();
  const { data, fault, reload } = useData(AccountHeadDocument, { id: accountId });
  if (fault) return <FaultNotice fault={fault} what="Loading the account" onRetry={reload} />;
  if (!data) return <PageSkeleton />;
  if (!data.account || data.account.id !== accountId) {
    return (
      <NotThere icon="accounts" title="There is no such account">
        <Link to="/accounts">Search the accounts</Link>
      </NotThere>
    );
  }
  if (!parts.some(([key]) => key === part)) {
    return (
      <NotThere icon="accounts" title="There is nothing at this address">
        <Link to={`/accounts/${encodeURIComponent(accountId)}`}>See the account</Link>
      </NotThere>
    );
  }
  return <Loaded key={accountId} account={data.account} part={part} reload={reload} />;
}

function Loaded({ account, part, reload }: { account: AccountHead; part: string; reload: () => void }) {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  // Changes made here show in the parts below at once, also where nothing live tells of them.
  const [changes, setChanges] = useState(0);
  const changed = () => {
    setChanges((count) => count + 1);
    reload();
  };
  const base = `/accounts/${encodeURIComponent(account.id)}`;
  const users = [...new Set(account.decisions.edges.map(({ node }) => node.userId))];
  const userId = params.get("as") ?? users[0] ?? account.id;
  const as = params.get("as") ? `?as=${encodeURIComponent(userId)}` : "";
  const perUser = part === "overview" || part === "check";

  return (
    <>
      <PageTitle
        title={account.name}
        sub={
          <>
            <span className="mono">{account.id}</span> · <bdi>{account.plan.name}</bdi> v{account.plan.version} ·{" "}
            <AccountStatusPill status={account.status} />
          </>
        }
      >
        <AccountActions account={account} onChanged={changed} />
      </PageTitle>
      <Tabs value={part} onChange={(next) => void navigate(`${base}/${next}${as}`)} keepMounted={false}>
        <Tabs.List>
          {parts.map(([key, name]) => (
            <Tabs.Tab key={key} value={key}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {perUser && <UserPicker users={users} userId={userId} />}
        <Tabs.Panel value="overview" pt="lg">
          <div className="stack" key={`${userId}/${changes}`}>
            <Overview accountId={account.id} userId={userId} />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="history" pt="lg">
          <div className="stack">
            <History
              accountId={account.id}
              actions={(decision, reloadDecision) => <RefundButton accountId={account.id} decision={decision} onDone={reloadDecision} />}
            />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="credits" pt="lg">
          <Credits
            key={changes}
            accountId={account.id}
            grantActions={(grant, reloadGrants) => <VoidButton accountId={account.id} grant={grant} onDone={reloadGrants} />}
          />
        </Tabs.Panel>
        <Tabs.Panel value="check" pt="lg">
          <div className="stack">
            <Check key={`${userId}/${changes}`} accountId={account.id} userId={userId} />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="audit" pt="lg">
          <AuditList key={changes} accountId={account.id} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

import { Button, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { usePages } from "../../api/usePages";
import { AccountsDocument, type AccountsQuery } from "../../gql/graphql";
import { KindList } from "../../parts/decisions/KindList";
import { AccountStatusPill } from "../../parts/words/AccountStatusPill";
import { Empty } from "../../parts/feedback/Empty";
import { Listing } from "../../parts/feedback/Listing";
import { Icon } from "../../parts/Icon";
import { Credits } from "../../parts/money/Amount";
import { PageTitle } from "../../parts/shell/PageTitle";
import { Moment } from "../../parts/time/Times";
import { useTyped } from "../../parts/useTyped";
import { NewAccount } from "./NewAccount";

type Row = AccountsQuery["accounts"]["edges"][number]["node"];

/** Everyone who pays: found by id or by the beginning of the name. */
export default function AccountsPage() {
  const [params, setParams] = useSearchParams();
  const search = params.get("q") ?? "";
  const [text, setText] = useTyped(search, (q) => setParams(q ? { q } : {}, { replace: true }));
  const [adding, setAdding] = useState(false);
  const pages = usePages(AccountsDocument, { search: search || null, first: 25 }, (data) => data.accounts);

  return (
    <>
      <PageTitle title="Accounts" sub="Who pays, on which plan, and from what.">
        <Button leftSection={<Icon name="plus" size={16} />} onClick={() => setAdding(true)}>
          New account
        </Button>
      </PageTitle>
      <TextInput
        type="search"
        aria-label="Search the accounts"
        placeholder="Search by name or id"
        size="md"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        maw={460}
        autoComplete="off"
      />
      <Listing
        name="Accounts"
        pages={pages}
        empty={
          <Empty icon="accounts" title={search ? "No match" : "There are no accounts yet"}>
            {search ? "Try three letters or more from anywhere in a name or an id." : "Make the first one with “New account”."}
          </Empty>
        }
      >
        {(rows) => <AccountTable rows={rows} />}
      </Listing>
      {adding && <NewAccount onClose={() => setAdding(false)} onCreated={pages.reload} />}
    </>
  );
}

function AccountTable({ rows }: { rows: Row[] }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of accounts">
      <table className="table cards">
        <thead>
          <tr>
            <th>Account</th>
            <th>Status</th>
            <th>Plan</th>
            <th>Paid from</th>
            <th className="number">Credits</th>
            <th className="number">On hold</th>
            <th>Last active</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((account) => {
            const last = account.decisions.edges[0]?.node;
            return (
              <tr key={account.id}>
                <td>
                  <Link to={`/accounts/${encodeURIComponent(account.id)}`}>
                    <strong>
                      <bdi>{account.name}</bdi>
                    </strong>
                  </Link>
                  <div className="mono muted">{account.id}</div>
                </td>
                <td>
                  <AccountStatusPill status={account.status} />
                </td>
                <td>
                  <bdi>{account.plan.name}</bdi> <span className="muted">v{account.plan.version}</span>
                </td>
                <td>
                  {last ? (
                    last.status === "DENIED" ? (
                      <span className="muted">denied</span>
                    ) : (
                      <KindList steps={last.steps} />
                    )
                  ) : (
                    <span className="muted">not used yet</span>
                  )}
                </td>
                <td className="number" data-label="Credits">
                  <Credits amount={account.balance.available} />
                </td>
                <td className="number" data-label="On hold">
                  <Credits amount={account.balance.held} />
                </td>
                <td>{last ? <Moment at={last.createdAt} /> : <span className="muted">never</span>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

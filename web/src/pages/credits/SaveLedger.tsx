import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useClient } from "urql";
import { download, toCsv } from "../../format/csv";
import { LedgerDocument, type LedgerQuery } from "../../gql/graphql";
import { Icon } from "../../parts/Icon";
import type { Entry } from "./LedgerTable";

const mostRows = 10_000;

/** Reads the whole ledger page by page, up to ten thousand entries, and hands it over as a file. */
export function SaveLedger({ accountId }: { accountId: string }) {
  const client = useClient();
  const [saving, setSaving] = useState(false);
  const [failed, setFailed] = useState(false);
  useEffect(() => setFailed(false), [accountId]);

  async function save() {
    setSaving(true);
    setFailed(false);
    const entries: Entry[] = [];
    let after: string | null = null;
    do {
      const answer: { data?: LedgerQuery } = await client
        .query(LedgerDocument, { accountId, first: 200, after }, { requestPolicy: "network-only" })
        .toPromise();
      const page = answer.data?.account?.balanceUpdates;
      if (!page) {
        setFailed(true);
        setSaving(false);
        return;
      }
      entries.push(...page.edges.map(({ node }) => node));
      after = page.pageInfo.hasNextPage ? (page.pageInfo.endCursor ?? null) : null;
    } while (after && entries.length < mostRows);
    setSaving(false);
    download(`ledger-${accountId}.csv`, ledgerCsv(entries));
  }

  return (
    <div className="row">
      {failed && <span role="alert">The ledger could not be read to its end. Try again.</span>}
      <Button variant="default" leftSection={<Icon name="download" size={16} />} loading={saving} onClick={() => void save()}>
        Download CSV
      </Button>
    </div>
  );
}

function ledgerCsv(entries: Entry[]): string {
  return toCsv(
    [
      "sequence",
      "at",
      "kind",
      "grant",
      "grant_kind",
      "denomination",
      "counter_account",
      "amount",
      "grant_balance",
      "account_balance",
      "hash",
    ],
    entries.map((entry) => [
      entry.sequence,
      entry.createdAt,
      entry.kind,
      entry.grant.id,
      entry.grant.kind,
      entry.grant.denomination,
      entry.counterAccount,
      entry.amount,
      entry.balanceAfter,
      entry.accountBalanceAfter,
      entry.hash,
    ]),
  );
}

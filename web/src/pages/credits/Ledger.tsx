import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useClient, useSubscription } from "urql";
import { usePages } from "../../api/usePages";
import { download, toCsv } from "../../format/csv";
import { formatQuantity } from "../../format/quantity";
import { BalanceNowDocument, LedgerDocument, type LedgerQuery } from "../../gql/graphql";
import { useWhy } from "../../parts/decisions/useWhy";
import { Empty } from "../../parts/feedback/Empty";
import { Listing } from "../../parts/feedback/Listing";
import { Icon } from "../../parts/Icon";
import { Amount, Credits } from "../../parts/money/Amount";
import { RelativeTime } from "../../parts/time/Times";
import { kindWords, ledgerWords, postingWords } from "../../parts/words/words";
import { WhyHere } from "../../parts/why/WhyHere";
import css from "./Credits.module.css";

type Entry = NonNullable<LedgerQuery["account"]>["balanceUpdates"]["edges"][number]["node"];

/** Every entry of the account's books with the running balance, the newest first. */
export function Ledger({ accountId }: { accountId: string }) {
  const pages = usePages(LedgerDocument, { accountId, first: 50 }, (data) => data.account?.balanceUpdates);
  const { reload, loading } = pages;
  const newest = pages.rows?.[0]?.sequence;
  const [balance] = useSubscription({ query: BalanceNowDocument, variables: { accountId } });
  const counted = balance.data?.balance.sequence;
  const missed = counted !== undefined && newest !== undefined && counted > newest ? counted - newest : 0;
  return (
    <div className="stack">
      <div className="row between">
        {missed > 0 ? (
          <Button variant="light" size="xs" onClick={reload} loading={loading}>
            {formatQuantity(missed)} newer
          </Button>
        ) : (
          <span />
        )}
        <SaveLedger accountId={accountId} />
      </div>
      <Listing
        name="Ledger"
        pages={pages}
        empty={
          <Empty icon="audit" title="The books are still empty">
            The first grant or the first paid use makes the first entry.
          </Empty>
        }
      >
        {(entries) => <LedgerTable entries={entries} accountId={accountId} />}
      </Listing>
      <WhyHere accountId={accountId} />
    </div>
  );
}

function LedgerTable({ entries, accountId }: { entries: Entry[]; accountId: string }) {
  const why = useWhy();
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Table of ledger entries">
      <table className="table">
        <thead>
          <tr>
            <th className="number">No.</th>
            <th>When</th>
            <th>Entry</th>
            <th>Grant</th>
            <th>Against</th>
            <th className="number">Amount</th>
            <th className="number">Left in grant</th>
            <th className="number" title="All that is booked, also what starts later">
              Balance
            </th>
            <th className="act">
              <span className="unseen">Why</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => {
            const decision = entry.monetizationEvent?.usageEvent.decision;
            const unit = entry.grant.features?.[0]?.unit;
            return (
              <tr key={entry.id} className={css.grant} title={`SHA-256 ${entry.hash}`}>
                <td className="number">{formatQuantity(entry.sequence)}</td>
                <td>
                  <RelativeTime at={entry.createdAt} />
                </td>
                <td>{postingWords[entry.kind]}</td>
                <td>
                  {kindWords[entry.grant.kind]}
                  {(entry.grant.note ?? entry.grant.reference) && (
                    <span className={css.note}>{entry.grant.note ?? entry.grant.reference}</span>
                  )}
                </td>
                <td>{ledgerWords[entry.counterAccount]}</td>
                <td className={`number ${entry.amount.startsWith("-") ? css.minus : css.plus}`}>
                  <Amount amount={entry.amount} denomination={entry.grant.denomination} unit={unit} signed />
                </td>
                <td className="number">
                  <Amount amount={entry.balanceAfter} denomination={entry.grant.denomination} unit={unit} />
                </td>
                <td className="number">
                  <strong>
                    <Credits amount={entry.accountBalanceAfter} />
                  </strong>
                </td>
                <td className="act">
                  {decision && (
                    <Button
                      variant="subtle"
                      size="compact-sm"
                      onClick={() => why.open(decision.id, accountId)}
                      aria-label={`Why? ${decision.feature.name}`}
                    >
                      Why?
                    </Button>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

const mostRows = 10_000;

/** Reads the whole ledger page by page, up to ten thousand entries, and hands it over as a file. */
function SaveLedger({ accountId }: { accountId: string }) {
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

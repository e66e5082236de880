import { Button } from "@mantine/core";
import { useSubscription } from "urql";
import { usePages } from "../../api/usePages";
import { formatQuantity } from "../../format/quantity";
import { BalanceNowDocument, LedgerDocument, type LedgerQuery } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { Listing } from "../../parts/feedback/Listing";
import { useZone } from "../../parts/time/zone";
import { WhyHere } from "../../parts/why/WhyHere";
import { LedgerTable } from "./LedgerTable";
import { ledgerCsv } from "./ledgerCsv";
import { SaveAll } from "./SaveAll";

const pick = (data: LedgerQuery) => data.account?.balanceUpdates;

/** Every entry of the account's books with the running balance, the newest first. */
export function Ledger({ accountId }: { accountId: string }) {
  const zone = useZone();
  const pages = usePages(LedgerDocument, { accountId, first: 50 }, pick);
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
        <SaveAll file={`ledger-${accountId}.csv`} query={LedgerDocument} variables={{ accountId }} pick={pick} toText={(entries) => ledgerCsv(entries, zone)} />
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

import { Button, NativeSelect, Switch } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { usePages } from "../../api/usePages";
import { toCsv, download } from "../../format/csv";
import { GrantsDocument, type BucketKind, type GrantFieldsFragment } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { Listing } from "../../parts/feedback/Listing";
import { Icon } from "../../parts/Icon";
import { kindWords } from "../../parts/words/words";
import { serverNow } from "../../api/clock";
import { grantState } from "./grantState";
import { GrantTable } from "./GrantTable";

interface Props {
  accountId: string;
  actions?: (grant: GrantFieldsFragment, reload: () => void) => ReactNode;
}

/** What the account was given or bought, in which state it is. */
export function Grants({ accountId, actions }: Props) {
  const [kind, setKind] = useState<BucketKind | "">("");
  const [includeSpent, setIncludeSpent] = useState(false);
  const pages = usePages(GrantsDocument, { accountId, kind: kind || null, includeSpent, first: 50 }, (data) => data.account?.grants);
  const { rows, reload } = pages;
  return (
    <div className="stack">
      <div className="row end between">
        <div className="row end">
          <NativeSelect
            label="Kind"
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value as BucketKind | "")}
            data={[
              { value: "", label: "Every kind" },
              ...(["CREDIT", "PROMOTION", "ENTITLEMENT"] as const).map((value) => ({ value, label: kindWords[value] })),
            ]}
          />
          <Switch
            label="Also spent, expired and void"
            checked={includeSpent}
            onChange={(event) => setIncludeSpent(event.currentTarget.checked)}
            mb={8}
          />
        </div>
        <Button
          variant="default"
          leftSection={<Icon name="download" size={16} />}
          disabled={!rows?.length}
          onClick={() => rows && save(accountId, rows)}
        >
          Download CSV
        </Button>
      </div>
      <Listing
        name="Grants"
        pages={pages}
        empty={
          <Empty icon="gift" title="No grants here">
            {includeSpent
              ? "Credits that are bought or given to the account appear here."
              : "Nothing is open. Switch on “Also spent, expired and void” to see what there was."}
          </Empty>
        }
      >
        {(grants) => <GrantTable grants={grants} actions={actions && ((grant) => actions(grant, reload))} />}
      </Listing>
    </div>
  );
}

function save(accountId: string, grants: GrantFieldsFragment[]): void {
  const header = [
    "id",
    "kind",
    "state",
    "denomination",
    "amount",
    "remaining",
    "held",
    "priority",
    "features",
    "effective_at",
    "expires_at",
    "note",
    "reference",
  ];
  const now = serverNow();
  download(
    `grants-${accountId}.csv`,
    toCsv(
      header,
      grants.map((grant) => [
        grant.id,
        grant.kind,
        grantState(grant, now),
        grant.denomination,
        grant.amount,
        grant.remaining,
        grant.held,
        grant.priority,
        grant.features?.map(({ key }) => key).join(" ") ?? "",
        grant.effectiveAt,
        grant.expiresAt,
        grant.note,
        grant.reference,
      ]),
    ),
  );
}

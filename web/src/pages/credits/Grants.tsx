import { NativeSelect, Switch } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { usePages } from "../../api/usePages";
import { GrantsDocument, type BucketKind, type GrantFieldsFragment, type GrantsQuery } from "../../gql/graphql";
import { Empty } from "../../parts/feedback/Empty";
import { Listing } from "../../parts/feedback/Listing";
import { currentZone } from "../../parts/time/zone";
import { sourceWords } from "../../parts/words/words";
import { serverNow } from "../../api/clock";
import { grantsCsv } from "./grantsCsv";
import { GrantTable } from "./GrantTable";
import { SaveAll } from "./SaveAll";

interface Props {
  accountId: string;
  actions?: (grant: GrantFieldsFragment, reload: () => void) => ReactNode;
}

const pick = (data: GrantsQuery) => data.account?.grants;

/** What the account was given or bought, in which state it is. */
export function Grants({ accountId, actions }: Props) {
  const [kind, setKind] = useState<BucketKind | "">("");
  const [includeSpent, setIncludeSpent] = useState(false);
  const variables = { accountId, kind: kind || null, includeSpent };
  const pages = usePages(GrantsDocument, { ...variables, first: 50 }, pick);
  const { reload } = pages;
  return (
    <div className="stack">
      <div className="row end between">
        <div className="row end">
          <NativeSelect
            label="Source"
            value={kind}
            onChange={(event) => setKind(event.currentTarget.value as BucketKind | "")}
            data={[
              { value: "", label: "Every source" },
              ...(["CREDIT", "PROMOTION", "ENTITLEMENT"] as const).map((value) => ({ value, label: sourceWords[value] })),
            ]}
          />
          <Switch
            label="Show used-up and expired"
            checked={includeSpent}
            onChange={(event) => setIncludeSpent(event.currentTarget.checked)}
            mb={8}
          />
        </div>
        <SaveAll
          file={`grants-${accountId}.csv`}
          query={GrantsDocument}
          variables={variables}
          pick={pick}
          toText={(grants) => grantsCsv(grants, serverNow(), currentZone())}
        />
      </div>
      <Listing
        name="Grants"
        pages={pages}
        empty={
          <Empty icon="gift" title="No grants here">
            {includeSpent
              ? "Credits that are bought or given to the account appear here."
              : "Nothing is open. Switch on “Show used-up and expired” to see what there was."}
          </Empty>
        }
      >
        {(grants) => <GrantTable grants={grants} actions={actions && ((grant) => actions(grant, reload))} />}
      </Listing>
    </div>
  );
}

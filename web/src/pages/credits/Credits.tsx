import { Tabs } from "@mantine/core";
import { lazy, Suspense, type ReactNode } from "react";
import { useSearchParams } from "react-router";
import type { GrantFieldsFragment } from "../../gql/graphql";
import { RowsSkeleton } from "../../parts/feedback/PageSkeleton";
import { Grants } from "./Grants";
import { Ledger } from "./Ledger";

const Usage = lazy(() => import("./Usage"));

interface Props {
  accountId: string;
  /** What an admin may do with a grant. */
  grantActions?: (grant: GrantFieldsFragment, reload: () => void) => ReactNode;
}

/** Grants, ledger and usage of an account; which of them is part of the address. */
export function Credits({ accountId, grantActions }: Props) {
  const [params, setParams] = useSearchParams();
  const asked = params.get("tab") ?? "";
  const tab = ["ledger", "usage"].includes(asked) ? asked : "grants";
  return (
    <Tabs
      value={tab}
      variant="pills"
      keepMounted={false}
      onChange={(next) =>
        setParams((before) => {
          const after = new URLSearchParams(before);
          after.set("tab", next ?? "grants");
          return after;
        })
      }
    >
      <Tabs.List mb="lg">
        <Tabs.Tab value="grants">Grants</Tabs.Tab>
        <Tabs.Tab value="ledger">Ledger</Tabs.Tab>
        <Tabs.Tab value="usage">Usage</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="grants">
        <Grants accountId={accountId} actions={grantActions} />
      </Tabs.Panel>
      <Tabs.Panel value="ledger">
        <Ledger accountId={accountId} />
      </Tabs.Panel>
      <Tabs.Panel value="usage">
        <Suspense fallback={<RowsSkeleton rows={8} />}>
          <Usage accountId={accountId} />
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}

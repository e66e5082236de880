import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { useData } from "../../api/useData";
import { WhyDocument } from "../../gql/graphql";
import { useWhy } from "../decisions/useWhy";
import { Empty } from "../feedback/Empty";
import { FaultNotice } from "../feedback/FaultNotice";
import { RowsSkeleton } from "../feedback/PageSkeleton";
import { Explanation } from "./Explanation";
import type { Explained } from "./explained";

export interface Props {
  /** Where the address does not name the decision's account. */
  accountId?: string;
  /** What an admin may do with the decision. */
  actions?: (decision: Explained, reload: () => void) => ReactNode;
}

/** "Why?": the decision that the address names, explained step by step. Put once on each page that lists decisions. */
export default function WhyDrawer({ accountId, actions }: Props) {
  const why = useWhy();
  const of = why.accountId ?? accountId ?? "";
  return (
    <Drawer
      opened={why.decisionId !== null}
      onClose={why.close}
      title={<strong>Why this answer?</strong>}
      size={620}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {why.decisionId !== null && <Body key={why.decisionId} accountId={of} id={why.decisionId} actions={actions} />}
    </Drawer>
  );
}

function Body({ accountId, id, actions }: { accountId: string; id: string; actions: Props["actions"] }) {
  const { data, fault, reload } = useData(WhyDocument, { accountId, id });
  if (fault) return <FaultNotice fault={fault} what="Loading the decision" onRetry={reload} />;
  if (!data) return <RowsSkeleton rows={8} />;
  if (!data.decision) return <Empty title="There is no such decision">It may belong to another account.</Empty>;
  return (
    <div className="stack">
      <Explanation decision={data.decision} />
      {actions?.(data.decision, reload)}
    </div>
  );
}

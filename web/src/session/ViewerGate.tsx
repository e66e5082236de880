import { useEffect, type ReactNode } from "react";
import { useData } from "../api/useData";
import { ViewerDocument } from "../gql/graphql";
import { FaultNotice } from "../parts/feedback/FaultNotice";
import { PageSkeleton } from "../parts/feedback/PageSkeleton";
import { useSession, ViewerContext } from "./SessionContext";

/** Asks the server whom the token names, and shows the portal once that is known. */
export function ViewerGate({ children }: { children: ReactNode }) {
  const { data, fault, reload } = useData(ViewerDocument, {});
  const { onKnown } = useSession();
  const known = data !== undefined;
  useEffect(() => {
    if (known) onKnown();
  }, [known, onKnown]);
  if (fault && !data) {
    return (
      <main style={{ maxWidth: 560, margin: "15vh auto", padding: 20 }}>
        <FaultNotice fault={fault} what="Signing in" onRetry={reload} />
      </main>
    );
  }
  if (!data) return <PageSkeleton />;
  return <ViewerContext value={data.viewer}>{children}</ViewerContext>;
}

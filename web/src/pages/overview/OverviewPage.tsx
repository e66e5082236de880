import { useViewer } from "../../session/SessionContext";
import { Overview } from "./Overview";

/** The reader's own account at a glance. */
export default function OverviewPage() {
  const { account, userId } = useViewer();
  return <Overview accountId={account!.id} userId={userId} withTitle />;
}

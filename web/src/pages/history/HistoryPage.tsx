import { PageTitle } from "../../parts/shell/PageTitle";
import { useViewer } from "../../session/SessionContext";
import { History } from "./History";

/** What the reader's account asked for, as it happens. */
export default function HistoryPage() {
  const { account } = useViewer();
  return (
    <>
      <PageTitle title="History" sub="Every answer this account got, the newest first, as they are given." />
      <History accountId={account!.id} />
    </>
  );
}

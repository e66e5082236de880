import { PageTitle } from "../../parts/shell/PageTitle";
import { useViewer } from "../../session/SessionContext";
import { Check } from "./Check";

/** "Could I do so many of this now?" */
export default function CheckPage() {
  const { account, userId } = useViewer();
  return (
    <>
      <PageTitle title="Check" sub="Could I do this now, and what would it cost? Asking takes nothing." />
      <Check accountId={account!.id} userId={userId} />
    </>
  );
}

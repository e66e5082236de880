import { PageTitle } from "../../parts/shell/PageTitle";
import { useViewer } from "../../session/SessionContext";
import { Credits } from "./Credits";

/** Where the reader's credits and units came from, and where they went. */
export default function CreditsPage() {
  const { account } = useViewer();
  return (
    <>
      <PageTitle title="Credits" sub="What the account was given or bought, every entry since, and what it was used for." />
      <Credits accountId={account!.id} />
    </>
  );
}

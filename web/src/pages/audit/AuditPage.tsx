import { TextInput } from "@mantine/core";
import { useSearchParams } from "react-router";
import { PageTitle } from "../../parts/shell/PageTitle";
import { useTyped } from "../../parts/useTyped";
import { AuditList } from "./AuditList";

/** Who changed what, when, and why. */
export default function AuditPage() {
  const [params, setParams] = useSearchParams();
  const accountId = params.get("account") ?? "";
  const [text, setText] = useTyped(accountId, (account) => setParams(account ? { account } : {}, { replace: true }));
  return (
    <>
      <PageTitle title="Audit log" sub="Every change an administrator made, with its reason." />
      <TextInput
        label="Account"
        placeholder="Every account"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        maw={320}
        autoComplete="off"
        spellCheck={false}
      />
      <AuditList accountId={accountId || null} />
    </>
  );
}

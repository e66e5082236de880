import type { PossibleQuery, Reason } from "../../gql/graphql";
import { Notice } from "../../parts/feedback/Notice";
import { Countdown } from "../../parts/time/Times";
import { reasonWords } from "../../parts/words/words";

/** What would help at once, where waiting is not the only way. */
const helps: Partial<Record<Reason, string>> = {
  INSUFFICIENT_CREDITS: "with more credits",
  SPEND_CAP_REACHED: "when an administrator raises the spend cap",
  FEATURE_NOT_IN_PLAN: "on another plan",
};

/** Says plainly that nothing can be done now, why, and what changes that. Of a suspended account the page itself speaks. */
export function DeniedNotice({ preview }: { preview: PossibleQuery["preview"] }) {
  const { status, reason, retryAt } = preview;
  if (status !== "DENIED" || reason === "ACCOUNT_SUSPENDED") return null;
  const help = helps[reason];
  return (
    <Notice tone="deny">
      <strong>Requests are denied now.</strong> {reasonWords[reason]}.{" "}
      {retryAt && (
        <>
          It goes on in <Countdown to={retryAt} done="a moment" />
          {help ? `, or at once ${help}.` : "."}
        </>
      )}
      {!retryAt && help && `It goes on ${help}.`}
    </Notice>
  );
}

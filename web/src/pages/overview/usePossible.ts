import { useEffect } from "react";
import { learnServerTime } from "../../api/clock";
import { useData, type Data } from "../../api/useData";
import { useRefresh } from "../../api/useRefresh";
import { PossibleDocument, type PossibleQuery } from "../../gql/graphql";

/**
 * What the server would answer to one more unit now: how many could be had at most, and which bucket
 * would pay. Asked again whenever `stamp` changes.
 */
export function usePossible(accountId: string, userId: string, feature: string, stamp: string): Data<PossibleQuery> {
  const answer = useData(PossibleDocument, { input: { accountId, userId, feature, quantity: 1 } });
  const askedAt = useRefresh(answer.reload, stamp);
  const asOf = answer.fresh ? answer.data?.preview.asOf : undefined;
  useEffect(() => {
    // An answer's own time is at most as old as the question: good enough for countdowns.
    if (asOf) learnServerTime(Date.parse(asOf), askedAt.current, Date.now());
  }, [asOf, askedAt]);
  return answer;
}

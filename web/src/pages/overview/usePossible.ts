import { useEffect, useRef } from "react";
import { learnServerTime } from "../../api/clock";
import { useData, type Data } from "../../api/useData";
import { PossibleDocument, type PossibleQuery } from "../../gql/graphql";

const restMs = 1_500;

/**
 * What the server would answer to one more unit now: how many could be had at most, and which bucket
 * would pay. Asked again whenever `stamp` changes, with a rest in between.
 */
export function usePossible(accountId: string, userId: string, feature: string, stamp: string): Data<PossibleQuery> {
  const answer = useData(PossibleDocument, { input: { accountId, userId, feature, quantity: 1 } });
  const reload = useRef(answer.reload);
  reload.current = answer.reload;
  const askedAt = useRef(Date.now());
  const seen = useRef(stamp);

  useEffect(() => {
    if (seen.current === stamp) return undefined;
    const wait = Math.max(0, askedAt.current + restMs - Date.now());
    const timer = setTimeout(() => {
      seen.current = stamp;
      askedAt.current = Date.now();
      reload.current();
    }, wait);
    return () => clearTimeout(timer);
  }, [stamp]);

  const asOf = answer.data?.preview.asOf;
  useEffect(() => {
    // An answer's own time is at most as old as the question: good enough for countdowns.
    if (asOf) learnServerTime(Date.parse(asOf), askedAt.current, Date.now());
  }, [asOf]);
  return answer;
}

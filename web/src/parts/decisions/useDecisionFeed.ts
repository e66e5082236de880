import { useCallback, useEffect, useReducer, useState } from "react";
import { useClient } from "urql";
import { toFault, type Fault } from "../../api/fault";
import { useRetry } from "../../api/online";
import { DecisionFeedDocument, DecisionsDocument, type DecisionFilter, type DecisionsQuery } from "../../gql/graphql";
import { appendOlder, followFeed, statusesToFollow, type Edge } from "./feed";

const pageSize = 50;

/** A page left open on a busy account stays as light as on the first day; what goes is found by "Show older". */
const most = 500;

/** A busy account may make hundreds of decisions a second; the page is drawn anew this often at most. */
const drawEveryMs = 200;

interface State {
  list: Edge[] | null;
  /** Where the next older page begins; null where there is none. */
  older: string | null;
  fault: Fault | null;
}

type Change =
  | { type: "start" }
  | { type: "page"; list: Edge[]; older: string | null }
  | { type: "edges"; edges: Edge[]; filter: DecisionFilter }
  | { type: "older"; list: Edge[]; older: string | null }
  | { type: "fault"; fault: Fault };

const nothing: State = { list: null, older: null, fault: null };

function reduce(state: State, change: Change): State {
  switch (change.type) {
    case "start":
      return nothing;
    case "page":
      return { list: change.list, older: change.older, fault: null };
    case "edges":
      return { ...state, ...followFeed({ list: state.list ?? [], older: state.older }, change.edges, most, change.filter.status) };
    case "older":
      return { list: appendOlder(state.list ?? [], change.list), older: change.older, fault: null };
    case "fault":
      return { ...state, fault: change.fault };
  }
}

export interface DecisionFeed extends State {
  /** Reads the next older page; undefined where there is none. */
  more: (() => void) | undefined;
  /** An older page is under way. */
  loading: boolean;
  retry: () => void;
}

/**
 * The decisions of an account, newest first: a page from the list, then the feed from that page's
 * cursor on, so that nothing is missed between the two; older pages when asked for.
 */
export function useDecisionFeed(accountId: string, filter: DecisionFilter): DecisionFeed {
  const client = useClient();
  const [state, dispatch] = useReducer(reduce, nothing);
  const [attempt, setAttempt] = useState(0);
  const filterText = JSON.stringify(filter);

  useEffect(() => {
    const chosen = JSON.parse(filterText) as DecisionFilter;
    let ended = false;
    let stop: (() => void) | undefined;
    dispatch({ type: "start" });

    async function begin() {
      const { data, error } = await client
        .query(DecisionsDocument, { accountId, filter: chosen, first: pageSize }, { requestPolicy: "network-only" })
        .toPromise();
      if (ended) return;
      const page = data?.account?.decisions;
      if (!page) {
        if (error) dispatch({ type: "fault", fault: toFault(error) });
        else dispatch({ type: "page", list: [], older: null });
        return;
      }
      dispatch({ type: "page", list: page.edges, older: nextOf(page) });
      // The empty cursor is the feed's beginning: right for a list that is still empty.
      stop = follow(page.pageInfo.startCursor ?? "", chosen);
    }

    function follow(after: string, chosenFilter: DecisionFilter): () => void {
      let waiting: Edge[] = [];
      const timer = setInterval(() => {
        if (waiting.length === 0) return;
        dispatch({ type: "edges", edges: waiting, filter: chosenFilter });
        waiting = [];
      }, drawEveryMs);
      const { unsubscribe } = client
        .subscription(DecisionFeedDocument, {
          accountId,
          filter: { ...chosenFilter, status: statusesToFollow(chosenFilter.status) },
          after,
        })
        .subscribe(({ data, error }) => {
          if (data) waiting.push({ ...data.decisions, live: true });
          if (error) dispatch({ type: "fault", fault: toFault(error) });
        });
      return () => {
        clearInterval(timer);
        unsubscribe();
      };
    }

    void begin();
    return () => {
      ended = true;
      stop?.();
    };
  }, [client, accountId, filterText, attempt]);

  const { older } = state;
  const [loading, setLoading] = useState(false);
  const more = useCallback(async () => {
    if (older === null) return;
    setLoading(true);
    const { data, error } = await client
      .query(
        DecisionsDocument,
        { accountId, filter: JSON.parse(filterText) as DecisionFilter, first: pageSize, after: older },
        { requestPolicy: "network-only" },
      )
      .toPromise();
    setLoading(false);
    const page = data?.account?.decisions;
    if (page) dispatch({ type: "older", list: page.edges, older: nextOf(page) });
    else if (error) dispatch({ type: "fault", fault: toFault(error) });
  }, [client, accountId, filterText, older]);

  const retry = useCallback(() => setAttempt((count) => count + 1), []);
  useRetry(state.fault, retry);
  return { ...state, more: older === null ? undefined : () => void more(), loading, retry };
}

function nextOf({ pageInfo }: NonNullable<DecisionsQuery["account"]>["decisions"]): string | null {
  return pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
}

import { useCallback, useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { serverNow } from "../../api/clock";
import { toFault, type Fault } from "../../api/fault";
import { AllDecisionsDocument, type DecisionFilter } from "../../gql/graphql";
import { followFeed, isShown, statusesToFollow, type Edge } from "../../parts/decisions/feed";
import { count, forget, rates, type Rates, type Samples } from "./rates";

const withinMs = 60_000;
const most = 100;
const drawEveryMs = 250;

interface Live {
  list: Edge[];
  /** How many decisions that are not in the list wait while it is frozen. */
  waiting: number;
  /** Shows what waits, also while the list is frozen. */
  showWaiting: () => void;
  rates: Rates;
  fault: Fault | null;
  retry: () => void;
}

/**
 * All decisions from now on: the newest hundred, and the rates of the last minute. Drawn four times a second at
 * most. While the list is frozen nothing of it moves or changes: whatever is done to a row is done to that row.
 */
export function useLive(filter: DecisionFilter, frozen: boolean): Live {
  const client = useClient();
  const [list, setList] = useState<Edge[]>([]);
  const [waiting, setWaiting] = useState(0);
  const [measured, setMeasured] = useState<Rates>(() => rates([], withinMs));
  const [fault, setFault] = useState<Fault | null>(null);
  const [attempt, setAttempt] = useState(0);
  const filterText = JSON.stringify(filter);
  const stopped = useRef(frozen);
  stopped.current = frozen;
  const show = useRef<() => void>(() => undefined);

  useEffect(() => {
    const chosen = JSON.parse(filterText) as DecisionFilter;
    let edges: Edge[] = [];
    const shown = new Set<string>();
    const fresh = new Set<string>();
    const samples: Samples = new Map();
    const since = Date.now();
    setList([]);
    setWaiting(0);
    setFault(null);
    const { unsubscribe } = client
      .subscription(AllDecisionsDocument, { filter: { ...chosen, status: statusesToFollow(chosen.status) } })
      .subscribe(({ data, error }) => {
        if (error) setFault(toFault(error));
        if (!data) return;
        const edge = data.allDecisions;
        const visible = isShown(edge.node, chosen.status);
        if (visible) count(samples, edge.node, serverNow(), withinMs);
        if (visible && !shown.has(edge.node.id)) fresh.add(edge.node.id);
        edges.push(edge);
        // Only the newest will be shown, however long the list is frozen.
        if (edges.length > 4 * most) edges = edges.slice(-2 * most);
      });
    show.current = () => {
      if (edges.length === 0) return;
      const arrived = edges;
      edges = [];
      fresh.forEach((id) => shown.add(id));
      fresh.clear();
      setWaiting(0);
      setList((before) => followFeed({ list: before, older: null }, arrived, most, chosen.status).list);
    };
    const timer = setInterval(() => {
      const now = Date.now();
      forget(samples, now - withinMs);
      // A page that was just opened has not watched for a whole minute yet.
      setMeasured(rates([...samples.values()], Math.min(withinMs, Math.max(1_000, now - since))));
      if (stopped.current) setWaiting(fresh.size);
      else show.current();
    }, drawEveryMs);
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }, [client, filterText, attempt]);

  return {
    list,
    waiting,
    showWaiting: useCallback(() => show.current(), []),
    rates: measured,
    fault,
    retry: () => setAttempt(attempt + 1),
  };
}

import { useEffect, useRef, useState } from "react";
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
  rates: Rates;
  fault: Fault | null;
  retry: () => void;
}

/** All decisions from now on: the newest hundred, and the rates of the last minute. Drawn four times a second at most. */
export function useLive(filter: DecisionFilter, paused: boolean): Live {
  const client = useClient();
  const [list, setList] = useState<Edge[]>([]);
  const [measured, setMeasured] = useState<Rates>(() => rates([], withinMs));
  const [fault, setFault] = useState<Fault | null>(null);
  const [attempt, setAttempt] = useState(0);
  const filterText = JSON.stringify(filter);
  const stopped = useRef(paused);
  stopped.current = paused;

  useEffect(() => {
    const chosen = JSON.parse(filterText) as DecisionFilter;
    let waiting: Edge[] = [];
    const samples: Samples = new Map();
    const since = Date.now();
    setList([]);
    setFault(null);
    const { unsubscribe } = client
      .subscription(AllDecisionsDocument, { filter: { ...chosen, status: statusesToFollow(chosen.status) } })
      .subscribe(({ data, error }) => {
        if (error) setFault(toFault(error));
        if (!data) return;
        const { node } = data.allDecisions;
        if (isShown(node, chosen.status)) count(samples, node, serverNow(), withinMs);
        waiting.push(data.allDecisions);
      });
    const timer = setInterval(() => {
      const now = Date.now();
      forget(samples, now - withinMs);
      // A page that was just opened has not watched for a whole minute yet.
      setMeasured(rates([...samples.values()], Math.min(withinMs, Math.max(1_000, now - since))));
      // Also while the list is paused: only the newest will be shown.
      waiting = waiting.slice(-most);
      if (waiting.length === 0 || stopped.current) return;
      const edges = waiting;
      waiting = [];
      setList((before) => followFeed({ list: before, older: null }, edges, most, chosen.status).list);
    }, drawEveryMs);
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }, [client, filterText, attempt]);

  return { list, rates: measured, fault, retry: () => setAttempt(attempt + 1) };
}

import { useEffect, useRef, useState } from "react";
import { useClient } from "urql";
import { serverNow } from "../../api/clock";
import { toFault, type Fault } from "../../api/fault";
import { AllDecisionsDocument, type DecisionFilter } from "../../gql/graphql";
import { mergeFeed, type Edge } from "../../parts/decisions/feed";
import { rates, recent, toSample, type Rates, type Sample } from "./rates";

export const withinMs = 60_000;
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
    let waiting: Edge[] = [];
    let samples: Sample[] = [];
    setList([]);
    setFault(null);
    const { unsubscribe } = client
      .subscription(AllDecisionsDocument, { filter: JSON.parse(filterText) as DecisionFilter })
      .subscribe(({ data, error }) => {
        if (error) setFault(toFault(error));
        if (!data) return;
        samples.push(toSample(data.allDecisions.node, serverNow()));
        waiting.push(data.allDecisions);
      });
    const timer = setInterval(() => {
      samples = recent(samples, Date.now(), withinMs);
      setMeasured(rates(samples, withinMs));
      // Also while the list is paused: only the newest will be shown.
      waiting = waiting.slice(-most);
      if (waiting.length === 0 || stopped.current) return;
      const edges = waiting;
      waiting = [];
      setList((before) => mergeFeed(before, edges).slice(0, most));
    }, drawEveryMs);
    return () => {
      clearInterval(timer);
      unsubscribe();
    };
  }, [client, filterText, attempt]);

  return { list, rates: measured, fault, retry: () => setAttempt(attempt + 1) };
}

import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { BucketKind, DecisionFilter, DecisionStatus } from "../../gql/graphql";
import { addDays, parseDay, startOfDay, type Zone } from "../../format/zone";
import { useZone } from "../time/zone";
import { kinds, statuses } from "../words/words";

const names = ["user", "feature", "status", "kind", "from", "to"] as const;

export type FilterName = (typeof names)[number];

/** The filter that an address carries; its days are days of a zone, the last one included. What the API would refuse is left out. */
export function readFilter(params: URLSearchParams, zone: Zone): DecisionFilter {
  const filter: DecisionFilter = {};
  const user = params.get("user");
  if (user) filter.userId = user;
  const feature = params.get("feature");
  if (feature) filter.feature = feature;
  const status = params.get("status") as DecisionStatus | null;
  if (status && statuses.includes(status)) filter.status = [status];
  const kind = params.get("kind") as BucketKind | null;
  if (kind && kinds.includes(kind)) filter.kind = kind;
  const from = dayStart(params.get("from"), 0, zone);
  if (from) filter.from = from;
  const to = dayStart(params.get("to"), 1, zone);
  if (to) filter.to = to;
  return filter;
}

/** The first instant of a day such as 2030-01-31 in a zone, or of so many days later. */
function dayStart(text: string | null, later: number, zone: Zone): string | null {
  const day = parseDay(text);
  return day && new Date(startOfDay(addDays(day, later), zone)).toISOString();
}

/** The filter in the address: it survives a reload, can be linked, and the back button undoes it. */
export function useFilter() {
  const [params, setParams] = useSearchParams();
  const zone = useZone();
  const filter = useMemo(() => readFilter(params, zone), [params, zone]);
  const set = useCallback(
    (name: FilterName, value: string) =>
      setParams((before) => {
        const after = new URLSearchParams(before);
        if (value) after.set(name, value);
        else after.delete(name);
        return after;
      }),
    [setParams],
  );
  const clear = useCallback(
    () =>
      setParams((before) => {
        const after = new URLSearchParams(before);
        names.forEach((name) => after.delete(name));
        return after;
      }),
    [setParams],
  );
  return { filter, value: (name: FilterName) => params.get(name) ?? "", set, clear, isEmpty: names.every((name) => !params.get(name)) };
}

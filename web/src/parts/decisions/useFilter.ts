import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import type { BucketKind, DecisionFilter, DecisionStatus } from "../../gql/graphql";
import { kinds, statuses } from "../words/words";

const names = ["user", "feature", "status", "kind", "from", "to"] as const;

export type FilterName = (typeof names)[number];

/** The filter that an address carries. What the API would refuse is left out. */
export function readFilter(params: URLSearchParams): DecisionFilter {
  const filter: DecisionFilter = {};
  const user = params.get("user");
  if (user) filter.userId = user;
  const feature = params.get("feature");
  if (feature) filter.feature = feature;
  const status = params.get("status") as DecisionStatus | null;
  if (status && statuses.includes(status)) filter.status = [status];
  const kind = params.get("kind") as BucketKind | null;
  if (kind && kinds.includes(kind)) filter.kind = kind;
  const from = startOfDay(params.get("from"), 0);
  if (from) filter.from = from;
  const to = startOfDay(params.get("to"), 1);
  if (to) filter.to = to;
  return filter;
}

/** The reader's midnight that begins a day such as 2030-01-31, or so many days later. */
function startOfDay(text: string | null, later: number): string | null {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text ?? "");
  if (!parts) return null;
  const moment = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]) + later);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

/** The filter in the address: it survives a reload, can be linked, and the back button undoes it. */
export function useFilter() {
  const [params, setParams] = useSearchParams();
  const filter = useMemo(() => readFilter(params), [params]);
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

import { dayOf, type Day, type Zone } from "../../format/zone";
import { isZero } from "../../format/credits";
import type { DecisionRowFragment } from "../../gql/graphql";
import type { Edge } from "./feed";

/** Decisions that a list shows as one row until it is opened, the newest first; a single one is no run. */
export interface Run {
  edges: Edge[];
}

export interface DayGroup {
  day: Day;
  runs: Run[];
}

/** From so many alike on they are folded. */
const fewest = 3;

/** Nothing about it is worth a row of its own: all of it was granted, and it cost nothing. */
function isPlain({ status, requested, granted, refunded, charged }: DecisionRowFragment): boolean {
  return (status === "ALLOWED" || status === "SETTLED") && requested === granted && refunded === 0 && isZero(charged);
}

function likeness({ feature, userId, status, steps }: DecisionRowFragment): string {
  return JSON.stringify([feature.key, userId, status, steps.filter(({ taken }) => taken > 0).map(({ kind }) => kind)]);
}

/**
 * Decisions by the day of a zone, and within it runs of plain ones of the same user and feature folded.
 * What arrived while the page was open stays unfolded: it must not vanish as one looks at it.
 */
export function groupByDay(edges: Edge[], zone: Zone): DayGroup[] {
  const groups: DayGroup[] = [];
  let alike: Edge[] = [];
  const close = () => {
    const runs = groups.at(-1)?.runs;
    if (alike.length >= fewest) runs?.push({ edges: alike });
    else runs?.push(...alike.map((edge) => ({ edges: [edge] })));
    alike = [];
  };
  for (const edge of edges) {
    const day = dayOf(Date.parse(edge.node.createdAt), zone);
    if (groups.at(-1)?.day !== day) {
      close();
      groups.push({ day, runs: [] });
    }
    const folds = !edge.live && isPlain(edge.node);
    const [first] = alike;
    if (first && (!folds || likeness(first.node) !== likeness(edge.node))) close();
    if (folds) alike.push(edge);
    else groups.at(-1)!.runs.push({ edges: [edge] });
  }
  close();
  return groups;
}

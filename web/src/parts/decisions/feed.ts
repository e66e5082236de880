import type { DecisionRowFragment, DecisionStatus } from "../../gql/graphql";

/** A decision and the place in the feed where it was first seen: older ones are asked for from there. */
export interface Edge {
  cursor: string;
  node: DecisionRowFragment;
  /** It arrived while the page was open. */
  live?: boolean;
}

/**
 * A list of decisions, newest first, with edges of the feed worked in: a known decision changes
 * in its place, a new one goes to the top. Edges come oldest first.
 */
export function mergeFeed(list: Edge[], edges: Edge[]): Edge[] {
  if (edges.length === 0) return list;
  const places = new Map(list.map(({ node }, place) => [node.id, place]));
  const merged = [...list];
  const fresh: Edge[] = [];
  const freshPlaces = new Map<string, number>();
  for (const edge of edges) {
    const place = places.get(edge.node.id);
    const freshPlace = freshPlaces.get(edge.node.id);
    if (place !== undefined) merged[place] = { ...merged[place]!, node: edge.node };
    else if (freshPlace !== undefined) fresh[freshPlace] = { ...fresh[freshPlace]!, node: edge.node };
    else freshPlaces.set(edge.node.id, fresh.push(edge) - 1);
  }
  return [...fresh.reverse(), ...merged];
}

/** A list and where its next older page begins, null where there is none. */
export interface Following {
  list: Edge[];
  older: string | null;
}

type Statuses = readonly DecisionStatus[] | null | undefined;

/** Whether a list of these statuses shows a decision; without statuses it shows every one. */
export function isShown({ status }: Pick<DecisionRowFragment, "status">, statuses: Statuses): boolean {
  return !statuses?.length || statuses.includes(status);
}

/** Which edges a list of these statuses follows: also those that take a hold out of it, which no longer have its status. */
export function statusesToFollow(statuses: Statuses): DecisionStatus[] | undefined {
  if (!statuses?.length) return undefined;
  const holds = statuses.includes("HELD") || statuses.includes("EXPIRED");
  return [...new Set<DecisionStatus>(holds ? [...statuses, "SETTLED", "RELEASED", "EXPIRED"] : statuses)];
}

/**
 * Works edges in; what has none of the statuses any more goes. Beyond `most`, or what the list already was,
 * the oldest go, and the next older page begins with them.
 */
export function followFeed({ list, older }: Following, edges: Edge[], most: number, statuses?: Statuses): Following {
  const all = mergeFeed(list, edges).filter(({ node }) => isShown(node, statuses));
  const kept = all.slice(0, Math.max(most, list.length));
  return { list: kept, older: kept.length < all.length ? kept.at(-1)!.cursor : older };
}

/** Older decisions added below, without those that are already there. */
export function appendOlder(list: Edge[], older: Edge[]): Edge[] {
  const known = new Set(list.map(({ node }) => node.id));
  return [...list, ...older.filter(({ node }) => !known.has(node.id))];
}

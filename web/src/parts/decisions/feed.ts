import type { DecisionRowFragment } from "../../gql/graphql";

export interface Edge {
  cursor: string;
  node: DecisionRowFragment;
}

/**
 * A list of decisions, newest first, with edges of the feed worked in: a known decision changes
 * in its place, a new one goes to the top. Edges come oldest first. At most `most` are kept.
 */
export function mergeFeed(list: DecisionRowFragment[], edges: Edge[], most = Number.POSITIVE_INFINITY): DecisionRowFragment[] {
  if (edges.length === 0) return list;
  const places = new Map(list.map(({ id }, place) => [id, place]));
  const merged = [...list];
  const fresh: DecisionRowFragment[] = [];
  const freshPlaces = new Map<string, number>();
  for (const { node } of edges) {
    const place = places.get(node.id);
    const freshPlace = freshPlaces.get(node.id);
    if (place !== undefined) merged[place] = node;
    else if (freshPlace !== undefined) fresh[freshPlace] = node;
    else freshPlaces.set(node.id, fresh.push(node) - 1);
  }
  return [...fresh.reverse(), ...merged].slice(0, most);
}

/** Older decisions added below, without those that are already there. */
export function appendOlder(list: DecisionRowFragment[], older: DecisionRowFragment[]): DecisionRowFragment[] {
  const known = new Set(list.map(({ id }) => id));
  return [...list, ...older.filter(({ id }) => !known.has(id))];
}

import type { Connection } from "./usePages";

/** A list as far as it was read; `cut` tells that it goes on. */
export interface Whole<N> {
  rows: N[];
  cut: boolean;
}

/** Reads a list page by page to its end, or until there are `most` rows. What `read` throws ends it. */
export async function readAll<N>(read: (after: string | null) => Promise<Connection<N>>, most: number): Promise<Whole<N>> {
  const rows: N[] = [];
  let after: string | null = null;
  do {
    const { edges, pageInfo }: Connection<N> = await read(after);
    rows.push(...edges.map(({ node }) => node));
    after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null;
  } while (after !== null && rows.length < most);
  return { rows, cut: after !== null };
}

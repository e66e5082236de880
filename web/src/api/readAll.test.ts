import { expect, it } from "vitest";
import { readAll } from "./readAll";

/** A list of 1, 2, 3 … up to `length`, in pages of two. */
const pagesOf = (length: number) => async (after: string | null) => {
  const begin = Number(after ?? 0);
  const numbers = [begin + 1, begin + 2].filter((number) => number <= length);
  const endCursor = String(begin + numbers.length);
  return { edges: numbers.map((node) => ({ node })), pageInfo: { hasNextPage: Number(endCursor) < length, endCursor } };
};

it.each([
  [0, [], false],
  [2, [1, 2], false],
  [3, [1, 2, 3], false],
  [4, [1, 2, 3, 4], false],
  [5, [1, 2, 3, 4], true],
])("of a list of %i reads %j, and says %s to there being more", async (length, rows, cut) => {
  expect(await readAll(pagesOf(length), 4)).toEqual({ rows, cut });
});

import { expect, it } from "vitest";
import { fallsThrough } from "./fallsThrough";

it.each([
  [10, [5, 3, 1, 0, 1], [5, 2, 1, 1, 0]],
  [4, [4], [0]],
  [4, [0, 0], [4, 4]],
  [4, [], []],
])("of %i asked for, with %j taken, %j fall through", (asked, taken, through) => {
  expect(
    fallsThrough(
      asked,
      taken.map((units) => ({ taken: units })),
    ),
  ).toEqual(through);
});

import { expect, it } from "vitest";
import type { DecisionRowFragment } from "../../gql/graphql";
import { appendOlder, followFeed, mergeFeed, statusesToFollow, type Edge } from "./feed";

const edge = (id: string, status = "ALLOWED", cursor = id): Edge => ({ cursor, node: { id, status } as DecisionRowFragment });
const ids = (list: Edge[]) => list.map(({ node }) => `${node.id}:${node.status}`);

it("puts what is new on top, the newest first", () => {
  expect(ids(mergeFeed([edge("b"), edge("a")], [edge("c"), edge("d")]))).toEqual(["d:ALLOWED", "c:ALLOWED", "b:ALLOWED", "a:ALLOWED"]);
});

it("changes a known decision in its place, which keeps the cursor of its beginning", () => {
  const list = mergeFeed([edge("b", "HELD"), edge("a")], [edge("b", "SETTLED", "b later")]);
  expect(ids(list)).toEqual(["b:SETTLED", "a:ALLOWED"]);
  expect(list.map(({ cursor }) => cursor)).toEqual(["b", "a"]);
});

it("shows a decision once that arrived and changed within one batch", () => {
  const list = mergeFeed([], [edge("a", "HELD"), edge("b"), edge("a", "RELEASED", "a later")]);
  expect(ids(list)).toEqual(["b:ALLOWED", "a:RELEASED"]);
  expect(list[1]!.cursor).toBe("a");
});

it("lets the oldest go beyond a size, and knows where they begin again", () => {
  const long = followFeed({ list: [edge("b"), edge("a")], older: null }, [edge("c")], 2);
  expect([ids(long.list), long.older]).toEqual([["c:ALLOWED", "b:ALLOWED"], "b"]);
  const short = followFeed({ list: [edge("b"), edge("a")], older: "z" }, [edge("c")], 3);
  expect([ids(short.list), short.older]).toEqual([["c:ALLOWED", "b:ALLOWED", "a:ALLOWED"], "z"]);
});

it("keeps what was read by hand, though it is more", () => {
  const { list, older } = followFeed({ list: [edge("c"), edge("b"), edge("a")], older: "z" }, [edge("d"), edge("b", "SETTLED")], 2);
  expect([ids(list), older]).toEqual([["d:ALLOWED", "c:ALLOWED", "b:SETTLED"], "b"]);
});

it("lets a hold go from a list of open ones once it has ended", () => {
  const open = { list: [edge("b", "HELD"), edge("a", "HELD")], older: null };
  const { list } = followFeed(open, [edge("a", "SETTLED"), edge("c", "HELD"), edge("d", "HELD"), edge("d", "RELEASED")], 9, ["HELD"]);
  expect(ids(list)).toEqual(["c:HELD", "b:HELD"]);
  expect(statusesToFollow(["HELD"])).toEqual(["HELD", "SETTLED", "RELEASED", "EXPIRED"]);
  expect(statusesToFollow(["DENIED"])).toEqual(["DENIED"]);
  expect(statusesToFollow(undefined)).toBeUndefined();
});

it("adds an older page without repeating what is there", () => {
  expect(ids(appendOlder([edge("c"), edge("b")], [edge("b"), edge("a")]))).toEqual(["c:ALLOWED", "b:ALLOWED", "a:ALLOWED"]);
});

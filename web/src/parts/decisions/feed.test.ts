import { expect, it } from "vitest";
import type { DecisionRowFragment } from "../../gql/graphql";
import { appendOlder, mergeFeed, type Edge } from "./feed";

const decision = (id: string, status = "ALLOWED") => ({ id, status }) as DecisionRowFragment;
const edge = (id: string, status?: string): Edge => ({ cursor: `${id}${status ?? ""}`, node: decision(id, status) });
const ids = (list: DecisionRowFragment[]) => list.map(({ id, status }) => `${id}:${status}`);

it("puts what is new on top, the newest first", () => {
  expect(ids(mergeFeed([decision("b"), decision("a")], [edge("c"), edge("d")]))).toEqual([
    "d:ALLOWED",
    "c:ALLOWED",
    "b:ALLOWED",
    "a:ALLOWED",
  ]);
});

it("changes a known decision in its place", () => {
  expect(ids(mergeFeed([decision("b", "HELD"), decision("a")], [edge("b", "SETTLED")]))).toEqual(["b:SETTLED", "a:ALLOWED"]);
});

it("shows a decision once that arrived and changed within one batch", () => {
  expect(ids(mergeFeed([], [edge("a", "HELD"), edge("b"), edge("a", "RELEASED")]))).toEqual(["b:ALLOWED", "a:RELEASED"]);
});

it("keeps at most so many, the oldest go", () => {
  expect(ids(mergeFeed([decision("b"), decision("a")], [edge("c")], 2))).toEqual(["c:ALLOWED", "b:ALLOWED"]);
});

it("adds an older page without repeating what is there", () => {
  expect(ids(appendOlder([decision("c"), decision("b")], [decision("b"), decision("a")]))).toEqual(["c:ALLOWED", "b:ALLOWED", "a:ALLOWED"]);
});

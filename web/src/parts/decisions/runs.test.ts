import { expect, it } from "vitest";
import type { DecisionRowFragment } from "../../gql/graphql";
import type { Edge } from "./feed";
import { groupByDay } from "./runs";

function edge(id: string, change: Partial<DecisionRowFragment> = {}, live = false): Edge {
  const node = {
    id,
    createdAt: "2030-01-15T12:00:00Z",
    status: "ALLOWED",
    requested: 1,
    granted: 1,
    refunded: 0,
    charged: "0",
    userId: "ada",
    feature: { key: "chat", name: "Chat", unit: "message" },
    steps: [{ kind: "RATE_LIMIT", bucketKey: "hourly", taken: 1 }],
    ...change,
  } as DecisionRowFragment;
  return { cursor: id, node, live };
}

const shape = (edges: Edge[], zone = "UTC") =>
  groupByDay(edges, zone).map(({ day, runs }) => [day, ...runs.map((run) => run.edges.map(({ node }) => node.id).join("+"))]);

it("folds runs of three and more that cost nothing, and loses none", () => {
  expect(shape([edge("a"), edge("b"), edge("c"), edge("d", { charged: "0.5" }), edge("e"), edge("f")])).toEqual([
    ["2030-01-15", "a+b+c", "d", "e", "f"],
  ]);
});

it.each([
  ["another user's", { userId: "zoë" }],
  ["another feature's", { feature: { key: "image", name: "Image", unit: "image" } }],
  ["a denied one", { status: "DENIED" }],
  ["one that was refunded", { refunded: 1 }],
  ["one of which a part was granted", { requested: 2 }],
  ["one of another bucket", { steps: [{ kind: "FREE_TIER", bucketKey: "free", taken: 1 }] }],
] as [string, Partial<DecisionRowFragment>][])("ends a run at %s", (_, change) => {
  const all = ["a", "b", "c"].map((id) => edge(id));
  expect(shape([...all, edge("x", change), ...["d", "e", "f"].map((id) => edge(id))])).toEqual([["2030-01-15", "a+b+c", "x", "d+e+f"]]);
});

it("keeps what arrived while the page was open as it is", () => {
  expect(shape([edge("a", {}, true), edge("b", {}, true), edge("c", {}, true), edge("d"), edge("e"), edge("f")])).toEqual([
    ["2030-01-15", "a", "b", "c", "d+e+f"],
  ]);
});

it.each([
  ["UTC", [["2030-01-15", "a"], ["2030-01-14", "b", "c"]]],
  ["Asia/Kolkata", [["2030-01-16", "a"], ["2030-01-15", "b", "c"]]],
  ["America/New_York", [["2030-01-15", "a"], ["2030-01-14", "b", "c"]]],
  ["Pacific/Kiritimati", [["2030-01-16", "a"], ["2030-01-15", "b", "c"]]],
])("puts each under its day of %s", (zone, days) => {
  const at = (id: string, createdAt: string) => edge(id, { createdAt });
  expect(shape([at("a", "2030-01-15T19:00:00Z"), at("b", "2030-01-14T18:59:59Z"), at("c", "2030-01-14T18:45:00Z")], zone)).toEqual(days);
});

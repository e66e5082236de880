import { Client as UrqlClient, fetchExchange } from "@urql/core";
import { serverAudits } from "graphql-http";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import WebSocket from "ws";
import { ask, authorize, makeWorld, sign, type World } from "../browser/api.ts";
import { CuttingProxy } from "./proxy.ts";
import { goesOn, readers } from "./readers.ts";

let proxy: CuttingProxy;
let world: World;

beforeAll(async () => {
  proxy = await CuttingProxy.to(inject("server").url);
  world = await makeWorld(inject("server"), { limit: 1000, credits: "0" });
});
afterAll(() => proxy.close());

const pause = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

test("every client sees every decision once and in order, though its connections are cut", async () => {
  const seen = new Map<string, string[]>();
  const ends = Object.entries(readers).map(([name, read]) => {
    const cursors: string[] = [];
    seen.set(name, cursors);
    const { account, user } = world;
    return read({ url: proxy.url, socketUrl: proxy.socketUrl, token: user, account }, (cursor) => cursors.push(cursor));
  });
  proxy.cutEvery(130);
  for (let i = 0; i < 120; i++) {
    await authorize(world);
    await pause(15);
  }
  proxy.stopCutting();
  const { account } = await ask<{ account: { decisions: { edges: { cursor: string }[] } } }>(
    world.server,
    world.user,
    "query ($id: ID!) { account(id: $id) { decisions(first: 200) { edges { cursor } } } }",
    { id: world.account },
  );
  const made = account.decisions.edges.map(({ cursor }) => cursor).reverse();
  expect(made).toHaveLength(120);
  await expect.poll(() => [...seen.values()].every((cursors) => cursors.length >= made.length), { timeout: 10_000 }).toBe(true);
  await pause(200); // for one that comes twice
  for (const end of ends) end();
  expect(proxy.cuts).toBeGreaterThan(20);
  for (const [name, cursors] of seen) expect(cursors, name).toEqual(made);
});

test("an answer that was lost is asked for again by the same key, and nothing is taken twice", async () => {
  const { server, account, feature, service } = await makeWorld(inject("server"), { limit: 1000, credits: "0" });
  const client = new UrqlClient({
    url: `${proxy.url}/graphql`,
    preferGetMethod: false,
    fetchOptions: { headers: { authorization: `Bearer ${service}` } },
    exchanges: [fetchExchange],
  });
  const mutation = "mutation ($in: AuthorizeInput!) { authorize(input: $in) { id granted replayed } }";
  proxy.losesAnswers = true;
  for (let i = 0; i < 40; i++) {
    const input = { accountId: account, userId: "ada", feature, idempotencyKey: `lost-${i}` };
    const lost = await client.mutation<{ authorize: { granted: number; replayed: boolean } }>(mutation, { in: input });
    expect(lost.error?.networkError, "the first answer is lost").toBeTruthy();
    const { data } = await client.mutation<{ authorize: { granted: number; replayed: boolean } }>(mutation, { in: input });
    expect(data?.authorize).toMatchObject({ granted: 1, replayed: true });
  }
  proxy.losesAnswers = false;
  const found = await ask<{ account: { buckets: { used: number }[]; decisions: { edges: unknown[] } } }>(
    server,
    service,
    'query ($id: ID!) { account(id: $id) { buckets(userId: "ada") { used } decisions(first: 200) { edges { cursor } } } }',
    { id: account },
  );
  expect(found.account.decisions.edges).toHaveLength(40);
  expect(found.account.buckets[0]?.used).toBe(40);
});

/** How a websocket of graphql-ws ends, and how often it had been opened by then. */
async function socketEnd(token: string): Promise<{ code: number; opened: number }> {
  let opened = 0;
  const code = await new Promise<number>((ended) => {
    const client = createSocketClient({
      url: `${proxy.socketUrl}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryWait: () => pause(10),
      shouldRetry: goesOn,
      on: { opened: () => opened++ },
    });
    client.subscribe(
      { query: "subscription ($a: ID!) { balance(accountId: $a) { available } }", variables: { a: world.account } },
      { next: () => undefined, complete: () => ended(0), error: (fault) => ended((fault as CloseEvent).code) },
    );
  });
  await pause(300); // for one that would try again
  return { code, opened };
}

test("graphql-ws gives up on a token that is refused, and on one that ends", async () => {
  const refused = socketEnd("no token");
  const started = Date.now();
  const ended = await socketEnd(sign(world.server, { sub: "ada", roles: ["user"], account: world.account, ttl: 10 }));
  expect(await refused).toEqual({ code: 4403, opened: 1 });
  expect(ended).toEqual({ code: 4401, opened: 1 });
  expect(Date.now() - started).toBeLessThan(10_000 + 5000);
});

test("a token that ends completes the events of graphql-sse, and a bad one is told", async () => {
  const follow = (token: string) =>
    new Promise<string>((ended) => {
      let told = "";
      const client = createSseClient({ url: `${proxy.url}/graphql`, headers: { authorization: `Bearer ${token}` }, retryAttempts: 0 });
      client.subscribe(
        { query: "subscription ($a: ID!) { balance(accountId: $a) { available } }", variables: { a: world.account } },
        {
          next: ({ data, errors }) => (told += errors?.[0] ? ` ${String(errors[0].extensions?.code)}` : data ? " balance" : ""),
          complete: () => ended(`${told} complete`),
          error: (fault) => ended(`${told} ${String(fault)}`),
        },
      );
    });
  const started = Date.now();
  const bad = follow("no token");
  expect(await follow(sign(world.server, { sub: "ada", roles: ["user"], account: world.account, ttl: 10 }))).toMatch(/^ balance.* complete$/);
  expect(Date.now() - started).toBeLessThan(10_000 + 5000);
  expect(await bad).toMatch(/UNAUTHENTICATED/);
});

// The audit of graphql-http: GraphQL over HTTP in both media types.
const audits = serverAudits({
  url: () => `${inject("server").url}/graphql`,
  fetchFn: (input: string, init: RequestInit = {}) =>
    fetch(input, { ...init, headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${world.admin}` } }),
});

test.each(audits.map((audit) => [audit.name, audit] as const))("GraphQL over HTTP: %s", async (name, audit) => {
  const result = await audit.fn();
  if (result.status === "ok" || (result.status === "notice" && name.startsWith("MAY"))) return;
  throw new Error(`${result.status}: ${result.reason}`);
});

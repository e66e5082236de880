import { createServer, connect, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ask, authorize, makeWorld, settle, type World } from "./api.ts";
import { endVisits, expectClean, launch, signIn, visit } from "./portal.ts";

const server = inject("server");
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(endVisits);

test("an authorize of another client appears by itself, and says why", async () => {
  const world = await makeWorld(server);
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/history");
  await page.getByText("Nothing was asked for yet").waitFor();
  await page.getByText("Live", { exact: true }).waitFor();

  const answer = await authorize(world, 5);
  const row = page.locator(`[data-decision="${answer.id}"]`);
  await row.waitFor({ timeout: 20_000 });
  expect(await row.innerText()).toContain("Allowed");

  await row.getByRole("button", { name: /^Why\?/ }).click();
  const why = page.getByRole("dialog");
  await why.getByText("5 messages granted").waitFor();
  const text = await why.innerText();
  expect(text).toContain("hourly");
  expect(text).toContain("3 taken");
  expect(text).toContain("2 taken");
  expect(text).toContain("Usage event");
  expect(text).toContain("Monetization event");
  expect(text).toMatch(/Posting \d/);
  expect(text).toContain("test-model");

  // The explanation has an address of its own, and the back button closes it.
  const address = page.url();
  expect(address).toContain(answer.id);
  await page.goBack();
  await why.waitFor({ state: "detached" });
  await page.goto(address);
  await page.getByRole("dialog").getByText("5 messages granted").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expectClean(visitor);
  await visitor.close();
});

test("a window runs out, the row says that credits are drawn, and at last that they are needed", async () => {
  const world = await makeWorld(server);
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user);
  const row = page.locator(`[data-feature="${world.feature}"]`);
  const vessel = (kind: string) => row.locator(`li[data-kind="${kind}"]`);
  const headline = row.locator("[data-headline]");
  await vessel("RATE_LIMIT").getByText("Pays now").waitFor();
  await headline.getByText("3 included messages left").waitFor();
  expect(await headline.innerText()).toBe("3 included messages left, then 0.50 credits each");
  await row.getByText("Included in your plan (1-hour limit)").waitFor();
  // Nothing is held of it: its place in the order is all that is shown.
  expect(await vessel("PROMOTION").innerText()).toMatch(/2\s+Promotional credits\s+none/);

  await authorize(world, 3);
  await vessel("CREDIT").getByText("Pays now").waitFor({ timeout: 20_000 });
  await vessel("RATE_LIMIT").getByText("0 of 3 left").waitFor();
  // 20 credits at half a credit each
  await expect.poll(() => headline.innerText(), { timeout: 20_000 }).toBe("0.50 credits each, ≈ 40 messages affordable");
  await row.getByText("0.50 credits for the next one, from your balance").waitFor();
  // What moves on by itself is not read out.
  expect(await vessel("RATE_LIMIT").locator("time").first().getAttribute("aria-live")).toBe("off");
  expect(await vessel("RATE_LIMIT").locator("time").first().innerText()).toMatch(/\d:\d\d/);

  await authorize(world, 2);
  await expect.poll(() => headline.innerText(), { timeout: 20_000 }).toBe("0.50 credits each, ≈ 38 messages affordable");
  await expect.poll(() => page.locator('[data-figure="balance"]').innerText()).toBe("19");

  await authorize(world, 38);
  await headline.getByText("Credits needed").waitFor({ timeout: 20_000 });
  await row.locator("[data-back]").getByText("Need it now? Add credits").waitFor();
  await vessel("CREDIT").getByText("20 cr used").waitFor();
  expectClean(visitor);
  await visitor.close();
});

/** Ten minutes either way. */
const skews = [
  ["before", 600_000],
  ["behind", -600_000],
] as const;

test.each(skews)("moments and countdowns go by the server's time where the reader's clock is ten minutes %s it", async (_, skew) => {
  const world = await makeWorld(server);
  await authorize(world, 3);
  await authorize(world, 2, { holdFor: "PT30M" });
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.addInitScript((by) => {
    const real = Date.now;
    Date.now = () => real() + by;
  }, skew);
  await signIn(visitor, server.url, world.user);
  const next = page.locator(`[data-feature="${world.feature}"] li[data-kind="RATE_LIMIT"] time`).first();
  const hold = page.getByRole("region", { name: "Table of open holds" }).locator("time");
  const [since, countdown] = [hold.first(), hold.last()];
  const { account } = await ask<{ account: { buckets: { resetsAt: string }[] } }>(
    server,
    world.user,
    "query ($id: ID!) { account(id: $id) { buckets { resetsAt } } }",
    { id: world.account },
  );
  // True once what is shown is what is left; words that are no countdown are told.
  const runsRight = () =>
    countdown.evaluate((element: HTMLTimeElement, by) => {
      const shown = /^(?:(\d+) min)? ?(?:(\d+) sec)?$/.exec(element.innerText);
      if (!shown) return element.innerText;
      const left = Date.parse(element.dateTime) - (Date.now() - by);
      return Math.abs(Number(shown[1] ?? 0) * 60 + Number(shown[2] ?? 0) - left / 1000) < 2.5;
    }, skew);
  const justNow = /^(now|\d+ seconds? ago|[1-3] minutes? ago) · /;
  const right = async () => {
    // An answer that was long under way tells the server's time badly; the page asks again each minute.
    await expect.poll(runsRight, { timeout: 75_000 }).toBe(true);
    await expect.poll(() => since.getAttribute("title"), { timeout: 40_000 }).toMatch(justNow);
    expect(await next.getAttribute("datetime")).toBe(account.buckets[0]!.resetsAt);
  };
  await right();

  // Also where an earlier answer is shown first.
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("heading", { name: "History" }).waitFor();
  await expect.poll(() => page.locator("[data-decision] time").first().getAttribute("title"), { timeout: 40_000 }).toMatch(justNow);
  await page.getByRole("link", { name: "Overview" }).click();
  await right();
  expectClean(visitor);
  await visitor.close();
}, 300_000);

test("another plan shows on the open page by itself", async () => {
  const [world, other] = await Promise.all([makeWorld(server), makeWorld(server)]);
  const visitor = await visit(browser);
  await signIn(visitor, server.url, world.user);
  await visitor.page.locator(`[data-feature="${world.feature}"]`).waitFor();
  await ask(
    server,
    world.admin,
    'mutation ($account: ID!, $plan: String!) { assignPlan(accountId: $account, plan: $plan, reason: "test") { id } }',
    { account: world.account, plan: other.plan },
  );
  await visitor.page.locator(`[data-feature="${other.feature}"]`).waitFor({ timeout: 20_000 });
  expect(await visitor.page.locator(`[data-feature="${world.feature}"]`).count()).toBe(0);
  expectClean(visitor);
  await visitor.close();
});

test("a hold is shown with its end until it is settled, also one that holds no credits", async () => {
  const world = await makeWorld(server, { limit: 10 });
  const visitor = await visit(browser);
  await signIn(visitor, server.url, world.user, "/history");
  await visitor.page.getByText("Nothing was asked for yet").waitFor();
  const answer = await authorize(world, 4, { holdFor: "PT5M" });
  await visitor.page.locator(`[data-decision="${answer.id}"][data-status="HELD"]`).waitFor({ timeout: 20_000 });
  await visitor.page.getByRole("link", { name: "Overview" }).click();
  const holds = visitor.page.getByRole("region", { name: "Open holds", exact: true });
  await holds.getByText("4 messages").waitFor();
  await settle(world, answer.id, 4);
  await holds.waitFor({ state: "detached", timeout: 20_000 });
  const free = await authorize(world, 2, { holdFor: "PT5M" });
  await holds.getByText("2 messages").waitFor({ timeout: 20_000 });
  await settle(world, free.id, 2);
  await holds.waitFor({ state: "detached", timeout: 20_000 });
  expectClean(visitor);
  await visitor.close();
});

/** A line to the server that can be cut and mended, or go silent as when the machine sleeps. */
class Line {
  #sockets = new Set<Socket>();
  #cut = false;
  #proxy: Server;
  url = "";

  constructor() {
    const { hostname, port } = new URL(server.url);
    this.#proxy = createServer((client) => {
      if (this.#cut) return client.destroy();
      const upstream = connect(Number(port), hostname);
      for (const [one, other] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
      return undefined;
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((listening) => this.#proxy.listen(0, "127.0.0.1", listening));
    this.url = `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`;
  }

  cut(): void {
    this.#cut = true;
    this.#sockets.forEach((socket) => socket.destroy());
  }

  mend(): void {
    this.#cut = false;
  }

  /** What is open stays open and carries nothing more; new connections are as ever. */
  silence(): void {
    this.#sockets.forEach((socket) => socket.unpipe().resume());
  }

  close(): void {
    this.cut();
    this.#proxy.close();
  }
}

test("a lost connection is said, and what was missed is caught up: nothing lost, nothing twice", async () => {
  const world: World = await makeWorld(server, { limit: 100 });
  const line = new Line();
  await line.open();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, line.url, world.user, "/history");
  const seen = [await authorize(world)];
  await page.locator(`[data-decision="${seen[0]!.id}"]`).waitFor({ timeout: 20_000 });

  line.cut();
  await page.getByText("Connection lost, trying again").waitFor();
  for (let count = 0; count < 5; count += 1) seen.push(await authorize(world));
  // They were made while nothing could reach the page.
  expect(await page.locator("[data-decision]").count()).toBe(1);

  line.mend();
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 20_000 });
  await page.locator(`[data-decision="${seen.at(-1)!.id}"]`).waitFor({ timeout: 20_000 });
  const shown = await page.locator("[data-decision]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-decision")));
  expect(shown).toEqual(seen.map(({ id }) => id).reverse());

  seen.push(await authorize(world));
  await page.locator(`[data-decision="${seen.at(-1)!.id}"]`).waitFor({ timeout: 20_000 });
  line.close();
  await visitor.close();
});

test("after a sleep the dead connection is replaced at once, and what was missed is caught up", async () => {
  const world = await makeWorld(server, { limit: 100 });
  const line = new Line();
  await line.open();
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, line.url, world.user, "/history");
  const seen = [await authorize(world)];
  await page.locator(`[data-decision="${seen[0]!.id}"]`).waitFor({ timeout: 20_000 });

  line.silence();
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { configurable: true, value: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  for (let count = 0; count < 3; count += 1) seen.push(await authorize(world));
  expect(await page.locator("[data-decision]").count()).toBe(1);

  await page.evaluate(() => {
    const before = Date.now;
    Date.now = () => before() + 60_000;
    Object.defineProperty(document, "hidden", { configurable: true, value: false });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  const shown = () => page.locator("[data-decision]").evaluateAll((rows) => rows.map((row) => row.getAttribute("data-decision")));
  await expect.poll(shown, { timeout: 20_000 }).toEqual(seen.map(({ id }) => id).reverse());
  line.close();
  await visitor.close();
});

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { authorize, give, makeWorld, sign, type World } from "./api.ts";
import { axeFaults, endVisits, expectClean, followed, launch, openLink, signedIn, signIn, visit } from "./portal.ts";

const server = inject("server");
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(endVisits);

test("the live list stands still under the pointer and the focus, counts what waits, and goes on afterwards", async () => {
  const world = await makeWorld(server, { limit: 1000 });
  const admin = await visit(browser);
  const { page } = admin;
  await signIn(admin, server.url, world.admin, `/live?feature=${world.feature}`);
  const list = page.getByRole("region", { name: "Decisions", exact: true });
  const rows = () => page.locator("[data-decision]").evaluateAll((all) => all.map((row) => row.getAttribute("data-decision")));
  await followed(admin, () => authorize(world));

  await page.locator("[data-decision]").first().hover();
  await expect.poll(() => list.getAttribute("data-frozen")).toBe("true");
  const before = await rows();
  const waiting = [await authorize(world), await authorize(world), await authorize(world)].map(({ id }) => id);
  await page.getByRole("button", { name: "3 new", exact: true }).waitFor({ timeout: 20_000 });
  expect(await rows()).toEqual(before);

  // What is pressed is the row that was there.
  await page.locator("[data-decision]").first().getByRole("button").click();
  await expect.poll(() => new URL(page.url()).searchParams.get("why")).toBe(before[0]);
  await page.getByRole("dialog").getByText("Down the waterfall").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "3 new", exact: true }).click();
  await page.mouse.move(5, 5);
  await expect.poll(rows).toEqual([...waiting.reverse(), ...before]);

  // The focus holds it as the pointer does.
  await page.locator("[data-decision]").first().getByRole("button").focus();
  const held = await rows();
  await authorize(world);
  await page.getByRole("button", { name: "1 new", exact: true }).waitFor({ timeout: 20_000 });
  expect(await rows()).toEqual(held);
  expectClean(admin);
  await admin.close();
});

test("back after the explanation was closed leads to the page before, and never opens it again", async () => {
  const world = await makeWorld(server);
  const answer = await authorize(world, 2);
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/check");
  await page.getByRole("link", { name: "History" }).click();
  await page.locator(`[data-decision="${answer.id}"]`).getByRole("button").click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(() => page.url()).toBe(`${server.url}/history`);
  await page.goBack();
  await page.getByRole("heading", { name: "Check" }).waitFor();
  expect(await page.getByRole("dialog").count()).toBe(0);

  // Opened by a link, closing leaves nothing to go back to but the page before.
  await page.goto(`${server.url}/history?why=${answer.id}`);
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.goBack();
  await page.getByRole("heading", { name: "Check" }).waitFor();
  expectClean(visitor);
  await visitor.close();
});

test("offline the page says so, keeps what was typed, and loads again by itself", async () => {
  const world = await makeWorld(server);
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, server.url, world.user, "/check");
  await page.getByLabel("How many").fill("7");
  await context.setOffline(true);
  await page.getByText("You’re offline. We’ll reload this when you’re back.").first().waitFor();
  expect(await page.getByLabel("How many").inputValue()).toBe("7");
  // A page whose code was never loaded says it too.
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("alert").getByText("You’re offline. We’ll reload this when you’re back.").waitFor();
  await context.setOffline(false);
  await page.getByRole("heading", { name: "History" }).waitFor({ timeout: 20_000 });
  await expect.poll(() => page.getByText("You’re offline").count(), { timeout: 20_000 }).toBe(0);
  await visitor.close();
});

test("a second tab shares the session, and signing out ends it in both", async () => {
  const world = await makeWorld(server);
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, server.url, world.user, "/history");
  await signedIn(page, world.name).waitFor();
  const second = await context.newPage();
  await second.goto(`${server.url}/credits`);
  await second.getByRole("heading", { name: "Credits" }).waitFor();
  await signedIn(second, world.name).waitFor();
  expect(await second.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie)).not.toContain(world.user);
  await second.getByRole("button", { name: "Sign out", exact: true }).click();
  for (const tab of [page, second]) await tab.getByLabel("Access token or sign-in link").waitFor();
  expectClean(visitor);
  await visitor.close();
});

test("a link of another person asks before it takes the place of a session, also from a new tab", async () => {
  const [world, other] = await Promise.all([makeWorld(server), makeWorld(server)]);
  const visitor = await visit(browser);
  const { page, context } = visitor;
  await signIn(visitor, server.url, world.user, "/history");
  await signedIn(page, world.name).waitFor();
  const second = await context.newPage();
  for (const tab of [page, second]) {
    await tab.goto(`${server.url}/history#token=${other.user}`);
    const question = tab.getByRole("dialog");
    await question.getByText("Sign in as someone else?").waitFor();
    expect(tab.url()).not.toContain("token");
    await question.getByRole("button", { name: "Stay signed in", exact: true }).click();
    await question.waitFor({ state: "detached" });
    await signedIn(tab, world.name).waitFor();
    expect(await tab.getByText(other.name).count()).toBe(0);
  }
  await second.goto(`${server.url}/#token=${other.user}`);
  await second.getByRole("button", { name: /^Sign in as ada/ }).click();
  await signedIn(second, other.name).waitFor();
  await visitor.close();
});

test("before a sign-in runs out the page warns; afterwards it keeps what was typed, and goes on with a new token", async () => {
  const world = await makeWorld(server);
  const visitor = await visit(browser);
  const { page } = visitor;
  const claims = { sub: "ada", roles: ["user" as const], account: world.account };
  // A token of an hour has four minutes left: that is warned of at once. The next one, of the same person, ends soon.
  await signIn(visitor, server.url, sign(server, { ...claims, age: 3_360, ttl: 240 }), "/check");
  await page.getByLabel("How many").fill("23");
  await page.getByText("Your sign-in ends at").waitFor();
  await openLink(visitor, sign(server, { ...claims, ttl: 2 }));
  const again = page.getByRole("dialog");
  await again.getByText("Your sign-in has run out").waitFor({ timeout: 40_000 });
  expect(await page.getByLabel("How many").inputValue()).toBe("23");
  await again.getByLabel("Access token or sign-in link").fill(sign(server, claims));
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await again.waitFor({ state: "detached" });
  expect(await page.getByLabel("How many").inputValue()).toBe("23");
  // What is followed goes on with the new token.
  await page.getByText("Live", { exact: true }).waitFor({ timeout: 20_000 });
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("heading", { name: "History" }).waitFor();
  const answer = await authorize(world, 2);
  await page.locator(`[data-decision="${answer.id}"]`).waitFor({ timeout: 20_000 });
  await visitor.close();
});

test("on a phone history and ledger are cards: amounts and times of day are in sight", async () => {
  const world: World = await makeWorld(server);
  await give(world, { amount: "1234.5", note: "A large one" });
  await authorize(world, 5);
  const visitor = await visit(browser, { width: 390, height: 844, touch: true, timezoneId: "Asia/Kolkata" });
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/history");
  const within = async (text: string | RegExp) => {
    const box = (await page.locator("tbody").getByText(text).first().boundingBox())!;
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(390);
  };
  await page.locator("[data-decision]").waitFor();
  await within(/\d:\d\d:\d\d/);
  await within("1 cr");
  expect(await axeFaults(visitor)).toEqual([]);
  await page.goto(`${server.url}/credits?tab=ledger`);
  await page.getByText("Spent").first().waitFor();
  await within(/\d:\d\d:\d\d/);
  await within(/−1\s*cr/);
  await within("1,253.50");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  expect(await axeFaults(visitor)).toEqual([]);
  expectClean(visitor);
  await visitor.close();
});

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { makeWorld, sign, type World } from "./api.ts";
import { endVisits, expectClean, launch, openLink, signedIn, signIn, visit } from "./portal.ts";

const server = inject("server");
let browser: Browser;
let world: World;

beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), makeWorld(server)]);
});
afterAll(endVisits);

test("a sign-in link signs in, and the token stays in no address and no lasting storage", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/history?status=DENIED");
  expect(new URL(page.url()).hash).toBe("");
  expect(page.url()).toBe(`${server.url}/history?status=DENIED`);
  await signedIn(page, world.name).waitFor();
  expect(await page.evaluate(() => JSON.stringify({ ...localStorage }) + document.cookie)).not.toContain(world.user);
  await page.reload();
  await signedIn(page, world.name).waitFor();
  await page.goBack();
  expect(page.url()).not.toContain("token");
  expectClean(visitor);
  await visitor.close();
});

test("a token is pasted by keyboard alone; signing out forgets it", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await page.goto(server.url);
  await page.getByLabel("Access token or sign-in link").waitFor();
  await page.keyboard.insertText("this is no token");
  await page.keyboard.press("Enter");
  await page.getByText("This is not a token").waitFor();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(`  Bearer ${world.user}\n`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await page.getByLabel("Access token or sign-in link").waitFor();
  await page.reload();
  await page.getByLabel("Access token or sign-in link").waitFor();
  expectClean(visitor);
  await visitor.close();
});

test("a token that was altered is refused with words, not with an endless try", async () => {
  const visitor = await visit(browser);
  const forged = sign({ ...server, secret: "x".repeat(64) }, { sub: "ada", roles: ["admin"] });
  await visitor.page.goto(`${server.url}/accounts#token=${forged}`);
  await visitor.page.getByText("The server does not accept this token").waitFor();
  expect(visitor.page.url()).not.toContain("token");
  await visitor.close();
});

test("a token that runs out while the page is open asks to sign in again, and comes back to the same page", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/history");
  await openLink(visitor, sign(server, { sub: "ada", roles: ["user"], account: world.account, ttl: 2 }));
  const again = page.getByRole("dialog");
  await again.getByText("Your sign-in has run out").waitFor({ timeout: 30_000 });
  // It is asked for once: no warning of the end stays beside the question.
  expect(await page.getByText("Your sign-in ends at").count()).toBe(0);
  await again.getByLabel("Access token or sign-in link").fill(world.user);
  await again.getByRole("button", { name: "Sign in", exact: true }).click();
  await again.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "History" }).waitFor();
  await visitor.close();
});

test("a user finds no admin page, and nothing of another account", async () => {
  const other = await makeWorld(server);
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, `/accounts/${other.account}`);
  await page.getByText("There is nothing at this address").waitFor();
  expect(await page.getByRole("link", { name: "Accounts" }).count()).toBe(0);
  expect(await page.content()).not.toContain(other.name);
  await visitor.close();
});

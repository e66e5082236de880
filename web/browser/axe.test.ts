import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { authorize, makeWorld, type World } from "./api.ts";
import { adminPageNames, adminPages, userPages } from "./pages.ts";
import { axeFaults, endVisits, expectClean, follow, launch, settled, signIn, visit, type Watched } from "./portal.ts";

const server = inject("server");
const widths = [390, 820, 1440];
/** A scheme changes colours and nothing else: in the dark one the rest is as it was. */
const looks = [
  { colorScheme: "light", widths, rules: undefined },
  { colorScheme: "dark", widths: [390, 1440], rules: ["color-contrast"] },
] as const;
let browser: Browser;
let world: World;
let user: Watched;
let admin: Watched;

beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), makeWorld(server)]);
  // Something of everything: free, paid, denied, held.
  for (const quantity of [2, 2, 1000]) await authorize(world, quantity);
  await authorize(world, 1, { holdFor: "PT10M" });
  [user, admin] = await Promise.all([visit(browser), visit(browser)]);
  await Promise.all([signIn(user, server.url, world.user), signIn(admin, server.url, world.admin)]);
});
afterAll(endVisits);

/** What axe finds at every width and in both schemes, and whether the page is wider than its window. */
async function look(visitor: Watched): Promise<string[]> {
  const found: string[] = [];
  for (const { colorScheme, widths, rules } of looks) {
    await visitor.page.emulateMedia({ colorScheme });
    // The page takes the new scheme over a moment later; its colours are there once a frame was drawn and no transition runs.
    await visitor.page.waitForFunction((scheme) => document.documentElement.dataset.mantineColorScheme === scheme, colorScheme);
    await visitor.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    await visitor.page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== "running"));
    for (const width of widths) {
      await visitor.page.setViewportSize({ width, height: 900 });
      const beyond = await visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      const faults = await axeFaults(visitor, rules && [...rules]);
      if (beyond > 0) faults.push(`the page is ${beyond} px wider than its window`);
      found.push(...faults.map((fault) => `${colorScheme} ${width}: ${fault}`));
    }
  }
  await visitor.page.setViewportSize({ width: 1280, height: 860 });
  return found;
}

/** The page behind an address, all of it, reached as by a link. */
async function turnTo(visitor: Watched, path: string): Promise<void> {
  await follow(visitor, path);
  await visitor.page.getByRole("heading", { level: 1 }).waitFor();
  await settled(visitor);
}

test.each(userPages())("the user's page %s", async (_, path) => {
  await turnTo(user, path);
  expect(await look(user)).toEqual([]);
  expectClean(user);
});

test.each(adminPageNames)("the admin's page %s", async (name) => {
  await turnTo(admin, adminPages(world)[name]);
  expect(await look(admin)).toEqual([]);
  expectClean(admin);
});

test("the why drawer", async () => {
  await turnTo(user, "/history");
  await user.page
    .getByRole("button", { name: /^Why\?/ })
    .first()
    .click();
  await user.page.getByRole("dialog").getByText("Down the waterfall").waitFor();
  await settled(user);
  expect(await look(user)).toEqual([]);
  expectClean(user);
});

test("a dialog with all of its fields", async () => {
  await turnTo(admin, `/accounts/${world.account}/audit`);
  await admin.page.getByRole("button", { name: "Give a grant", exact: true }).click();
  await admin.page.getByRole("dialog").getByLabel("Amount").fill("5");
  await admin.page.getByRole("dialog").getByText("When, how often").click();
  expect(await look(admin)).toEqual([]);
  expectClean(admin);
});

test("two versions of a plan beside each other, and what a change of plan would do", async () => {
  const { page } = admin;
  await turnTo(admin, `/plans/${world.plan}/edit`);
  await page.getByLabel("Rate limit hourly: limit").fill("1");
  await page.getByRole("button", { name: "Publish …", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("to be compared");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog.getByRole("link", { name: "See it" }).click();
  await page.getByText("version 2 of 2").waitFor();
  await settled(admin);
  expect(await look(admin)).toEqual([]);
  await turnTo(admin, `/accounts/${world.account}/audit`);
  await page.getByRole("button", { name: "Change plan", exact: true }).click();
  await dialog.getByLabel("New plan").selectOption("free");
  await dialog.getByText("Requests in 7 days").waitFor();
  expect(await look(admin)).toEqual([]);
  expectClean(admin);
});

test("the sign-in page", async () => {
  const visitor = await visit(browser);
  await visitor.page.goto(server.url);
  await visitor.page.getByLabel("Access token or sign-in link").waitFor();
  expect(await look(visitor)).toEqual([]);
  expectClean(visitor);
  await visitor.close();
});

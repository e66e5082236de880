import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { authorize, makeWorld, type World } from "./api.ts";
import { adminPages, userPages } from "./pages.ts";
import { axeFaults, expectClean, go, launch, settled, signIn, visit, type Watched } from "./portal.ts";

const server = inject("server");
const widths = [390, 820, 1440];
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
afterAll(() => browser.close());

/** What axe finds at every width, and whether the page is wider than its window. */
async function look(visitor: Watched): Promise<string[]> {
  const found: string[] = [];
  for (const width of widths) {
    await visitor.page.setViewportSize({ width, height: 900 });
    const beyond = await visitor.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (beyond > 0) found.push(`${width}: the page is ${beyond} px wider than its window`);
    found.push(...(await axeFaults(visitor)).map((fault) => `${width}: ${fault}`));
  }
  return found;
}

describe.each(["light", "dark"] as const)("in %s, axe finds nothing", (scheme) => {
  beforeAll(async () => {
    await Promise.all([user.page.emulateMedia({ colorScheme: scheme }), admin.page.emulateMedia({ colorScheme: scheme })]);
  });

  test.each(userPages())("on the user's page %s", async (_, path) => {
    await go(user, server.url, path);
    expect(await look(user)).toEqual([]);
    expectClean(user);
  });

  test.each(["accounts", "account", "account-credits", "plans", "plan", "plan-editor", "live", "proof", "anomalies", "audit", "not-found"])(
    "on the admin's page %s",
    async (name) => {
      await go(admin, server.url, adminPages(world).find(([page]) => page === name)![1]);
      expect(await look(admin)).toEqual([]);
      expectClean(admin);
    },
  );

  test("on the why drawer and on a dialog", async () => {
    await go(user, server.url, "/history");
    await user.page
      .getByRole("button", { name: /^Why\?/ })
      .first()
      .click();
    await user.page.getByRole("dialog").getByText("Down the waterfall").waitFor();
    await settled(user);
    expect(await look(user)).toEqual([]);
    await go(admin, server.url, `/accounts/${world.account}`);
    await admin.page.setViewportSize({ width: 1440, height: 900 });
    await admin.page.getByRole("button", { name: "Give a grant" }).click();
    await admin.page.getByRole("dialog").getByLabel("Amount").fill("5");
    await settled(admin);
    expect(await look(admin)).toEqual([]);
    await admin.page.keyboard.press("Escape");
  });

  test("on the sign-in page", async () => {
    const visitor = await visit(browser, { dark: scheme === "dark" });
    await visitor.page.goto(server.url);
    await visitor.page.getByLabel("Access token or sign-in link").waitFor();
    expect(await look(visitor)).toEqual([]);
    expectClean(visitor);
    await visitor.context.close();
  });
});

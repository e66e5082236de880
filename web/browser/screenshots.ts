import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, inject, test } from "vitest";
import { authorize, makeWorld, sign, type World } from "./api.ts";
import { adminPages, userPages } from "./pages.ts";
import { go, launch, settled, signIn, visit, type Watched } from "./portal.ts";

const server = inject("server");
const folder = join(import.meta.dirname, "../screenshots");
let browser: Browser;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  browser = await launch();
});
afterAll(() => browser.close());

/** The demo's own account as a world, so that the pictures show lively data. */
async function demo(): Promise<World> {
  const { userAccount: account } = server;
  const made = await makeWorld(server);
  return { ...made, account, plan: "plus", user: sign(server, { sub: "ada", roles: ["user"], account }) };
}

async function shoot(visitor: Watched, name: string): Promise<void> {
  await settled(visitor);
  // Charts draw a moment after their data.
  await visitor.page.waitForTimeout(500);
  await visitor.page.screenshot({ path: join(folder, `${name}.png`) });
}

test.each(["light", "dark"] as const)("every page in %s", async (scheme) => {
  const world = await demo();
  const dark = scheme === "dark";
  const [user, admin] = await Promise.all([visit(browser, { dark, height: 900 }), visit(browser, { dark, height: 900 })]);
  await user.page.goto(server.url);
  await user.page.getByLabel("Access token or sign-in link").waitFor();
  await shoot(user, `sign-in-${scheme}`);
  await Promise.all([signIn(user, server.url, world.user), signIn(admin, server.url, world.admin)]);
  for (const [name, path] of userPages()) {
    await go(user, server.url, path);
    await shoot(user, `${name}-${scheme}`);
  }
  await go(user, server.url, "/history");
  await user.page.getByRole("button", { name: /^Why\?/ }).first().click();
  await user.page.getByRole("dialog").getByText("Down the waterfall").waitFor();
  await shoot(user, `why-${scheme}`);
  for (const [name, path] of Object.entries(adminPages(world))) {
    if (name === "not-found") continue;
    await go(admin, server.url, path);
    if (name === "live") await admin.page.waitForTimeout(4_000);
    await shoot(admin, `${name}-${scheme}`);
  }
  await Promise.all([user.context.close(), admin.context.close()]);
});

test("the overview on a phone, and where paid credits are drawn", async () => {
  const world = await makeWorld(server, { limit: 25, credits: "40" });
  await authorize(world, 29);
  for (const [name, options] of [
    ["overview-phone-light", { width: 390, height: 844 }],
    ["overview-phone-dark", { width: 390, height: 844, dark: true }],
    ["overview-paid-light", {}],
    ["overview-paid-dark", { dark: true }],
  ] as const) {
    const visitor = await visit(browser, options);
    await signIn(visitor, server.url, world.user);
    await shoot(visitor, name);
    await visitor.context.close();
  }
});

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, inject, test } from "vitest";
import { authorize, give, makeWorld, sign, type World } from "./api.ts";
import { adminPages, userPages } from "./pages.ts";
import { expectClean, go, launch, settled, signIn, visit, type Watched } from "./portal.ts";

const server = inject("server");
const folder = join(import.meta.dirname, "../screenshots");
const schemes = ["light", "dark"] as const;
let browser: Browser;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  browser = await launch();
});
afterAll(() => browser.close());

async function shoot(visitor: Watched, name: string): Promise<void> {
  await settled(visitor);
  // Charts draw a moment after their data.
  await visitor.page.waitForTimeout(500);
  await visitor.page.screenshot({ path: join(folder, `${name}.png`) });
  expectClean(visitor);
}

/** An account whose hour is used up and whose gift is spent, and the decision that first drew credits; its keys clash. */
async function onCredits(): Promise<{ world: World; decision: string }> {
  const names = { account: "Bletchley Design", plan: "Team", feature: "Chat message" };
  const world = await makeWorld(server, { limit: 25, credits: "40", names });
  await give(world, { amount: "2", kind: "PROMOTION", note: "Welcome", priority: 10 });
  await authorize(world, 18);
  const { id } = await authorize(world, 14);
  const clashes = [1, 2, 3, 4, 5].map((quantity) => authorize(world, quantity, { idempotencyKey: "the same" }).catch(() => undefined));
  await Promise.all(clashes);
  return { world, decision: id };
}

test("where paid credits are drawn, and why, also on a phone", async () => {
  const { world, decision } = await onCredits();
  for (const scheme of schemes) {
    for (const [suffix, size] of [
      ["", { width: 1280, height: 900 }],
      ["-phone", { width: 390, height: 844 }],
    ] as const) {
      const visitor = await visit(browser, { ...size, dark: scheme === "dark" });
      await signIn(visitor, server.url, world.user);
      await shoot(visitor, `overview-paid${suffix}-${scheme}`);
      await go(visitor, server.url, "/history");
      await visitor.page.locator(`[data-decision="${decision}"] button`).click();
      await visitor.page.getByRole("dialog").getByText("Down the waterfall").waitFor();
      await shoot(visitor, `why${suffix}-${scheme}`);
      await visitor.close();
    }
  }
});

test.each(schemes)("every page of the demo in %s", async (scheme) => {
  const { userAccount: account } = server;
  const dark = scheme === "dark";
  const [user, admin] = await Promise.all([visit(browser, { dark, height: 900 }), visit(browser, { dark, height: 900 })]);
  await user.page.goto(server.url);
  await user.page.getByLabel("Access token or sign-in link").waitFor();
  await shoot(user, `sign-in-${scheme}`);
  await signIn(user, server.url, sign(server, { sub: "ada", roles: ["user"], account }));
  await signIn(admin, server.url, sign(server, { sub: "root", roles: ["admin"] }));
  for (const [name, path] of userPages()) {
    await go(user, server.url, path);
    await shoot(user, `${name}-${scheme}`);
  }
  for (const [name, path] of Object.entries(adminPages({ account, plan: "plus" }))) {
    await go(admin, server.url, path);
    if (name === "live") await admin.page.waitForTimeout(4_000);
    if (name === "proof") {
      await admin.page.getByRole("button", { name: "Verify now" }).click();
      await admin.page.getByText("Everything adds up").first().waitFor();
    }
    await shoot(admin, `${name}-${scheme}`);
  }
  await Promise.all([user.close(), admin.close()]);
});

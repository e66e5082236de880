import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ask, authorize, give, makeWorld, passed, type World } from "./api.ts";
import { endVisits, expectClean, go, launch, signIn, visit, type Watched } from "./portal.ts";

const server = inject("server");
let browser: Browser;
let world: World;
let visitor: Watched;

/** Three messages are free, a promotion pays two, credits the rest; of grants there is one in each state. */
beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), makeWorld(server)]);
  const in_ = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();
  await give(world, { amount: "1", kind: "PROMOTION", note: "Welcome", priority: 10 });
  await give(world, { amount: "7", note: "For later", effectiveAt: in_(86_400) });
  const lapses = in_(4);
  await give(world, { amount: "3", note: "Short-lived", priority: 200, expiresAt: lapses });
  const mistaken = await give(world, { amount: "9", note: "By mistake", priority: 200 });
  await ask(
    server,
    world.admin,
    'mutation ($account: ID!, $grant: ID!) { voidGrant(accountId: $account, grantId: $grant, reason: "test") { id } }',
    { account: world.account, grant: mistaken },
  );
  await authorize(world, 9);
  visitor = await visit(browser);
  await signIn(visitor, server.url, world.user);
  await passed(lapses);
});
afterAll(endVisits);

/** The file that a click hands over, line by line. */
async function downloaded(page: Page): Promise<string[]> {
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV", exact: true }).click()]);
  return readFileSync(await file.path(), "utf8")
    .trim()
    .split("\r\n");
}

test("grants are shown in each state, with note and priority, and can be taken along", async () => {
  const { page } = visitor;
  await go(visitor, server.url, "/credits");
  const states = () =>
    page
      .locator("tr[data-grant]")
      .evaluateAll((rows) =>
        Object.fromEntries(rows.map((row) => [row.querySelector("td span + span")?.textContent, row.getAttribute("data-state")])),
      );
  await expect.poll(states).toEqual({ "For the test": "active", "For later": "scheduled" });
  await page.getByRole("switch").click();
  await expect
    .poll(states)
    .toEqual({ "For the test": "active", "For later": "scheduled", Welcome: "spent", "Short-lived": "expired", "By mistake": "void" });
  expect(await page.locator("tr", { hasText: "Welcome" }).innerText()).toMatch(/Spent\s+0 cr\s+1 cr\s+every feature\s+10\s/);

  const [header, ...rows] = await downloaded(page);
  expect(header).toBe("id,kind,state,denomination,amount,remaining,held,priority,features,effective_at,expires_at,note,reference");
  expect(rows).toHaveLength(5);
  expect(rows.find((row) => row.includes("Welcome"))).toMatch(/,PROMOTION,spent,CREDITS,1,0,0,10,/);
  expectClean(visitor);
});

test("the ledger's balance runs from entry to entry, on the page as in the file", async () => {
  const { page } = visitor;
  await go(visitor, server.url, "/credits?tab=ledger");
  await page.getByText("Spent").first().waitFor();
  const [header, ...rows] = await downloaded(page);
  const columns = header!.split(",");
  const entries = rows.map((row) => Object.fromEntries(row.split(",").map((cell, place) => [columns[place]!, cell]))).reverse();
  expect(entries.map(({ sequence }) => Number(sequence))).toEqual(entries.map((_, place) => place + 1));
  const shown = await page.locator('tbody tr td[data-label="Balance"]').allInnerTexts();
  expect(shown.reverse()).toEqual(
    entries.map(({ account_balance }) =>
      new Intl.NumberFormat("en-US", { minimumFractionDigits: account_balance!.includes(".") ? 2 : 0 }).format(Number(account_balance)),
    ),
  );
  // 20 given at first; at last 2 of them are spent, the promotion is, 3 have expired, and 7 for later are booked already.
  expect(entries[0]!.account_balance).toBe("20");
  expect(entries.at(-1)!.account_balance).toBe("25");
  await page
    .getByRole("button", { name: /^Why\?/ })
    .first()
    .click();
  await page.getByRole("dialog").getByText("9 messages granted").waitFor();
  await page.keyboard.press("Escape");
  expectClean(visitor);
});

test("usage is stacked by bucket or by feature, in units or credits, and can be taken along", async () => {
  const { page } = visitor;
  await go(visitor, server.url, "/credits?tab=usage");
  const usage = page.getByRole("region", { name: "Usage" });
  const totals = async () => (await usage.locator("dl").innerText()).split(/\n+/);
  await expect.poll(totals).toEqual(["Rate limit", "3 messages", "Promotion", "2 messages", "Credits", "4 messages"]);
  await page.getByLabel("Measured in").selectOption("credits");
  await expect.poll(totals).toEqual(["Promotion", "1 cr", "Credits", "2 cr"]);
  await page.getByLabel("Stacked by").selectOption("feature");
  await page.getByLabel("Measured in").selectOption("quantity");
  await page.getByLabel("Range").selectOption("90 days");
  await expect.poll(totals).toEqual([world.featureName, "9 messages"]);
  await usage.locator(".recharts-bar-rectangle path").first().waitFor();
  const [header, ...rows] = await downloaded(page);
  expect(header).toBe("start,feature,bucket,quantity,credits,refunded,refunded_credits");
  expect(rows.some((row) => row.endsWith(`,${world.feature},PROMOTION,2,1,0,0`))).toBe(true);
  expectClean(visitor);
});

test("a check says yes, no or how many, what would pay, and takes nothing", async () => {
  const { page } = visitor;
  await go(visitor, server.url, "/check?n=2");
  const answer = page.getByRole("region", { name: "The answer" });
  await answer.getByText("Yes", { exact: true }).waitFor();
  await answer.getByText("2 messages granted, 1 credit drawn").waitFor();
  await page.getByLabel("How many").fill("1000");
  await answer.getByText("No, not now").waitFor();
  await page.getByRole("switch", { name: "Accept a partial amount" }).click();
  // 18 credits at half a credit each
  await answer.getByText("Yes, 36 messages of it").waitFor();
  await answer.getByRole("button", { name: "Try that", exact: true }).click();
  await answer.getByText("Yes", { exact: true }).waitFor();
  expect(await page.getByLabel("How many").inputValue()).toBe("36");
  await page.getByLabel("How many").fill("1.5");
  await page.getByText("A whole number from 1 on").waitFor();
  await go(visitor, server.url, "/history");
  expect(await page.locator("[data-decision]").count()).toBe(1);
  expectClean(visitor);
});

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ask, authorize, makeWorld, type World } from "./api.ts";
import { endVisits, expectClean, launch, signIn, visit } from "./portal.ts";

const server = inject("server");
let browser: Browser;
let world: World;

beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), makeWorld(server, { credits: "100" })]);
  // Three are free; 2 + 9 + 4 are paid at half a credit each, and 5 of the nine come back.
  await authorize(world, 5);
  const { id } = await authorize(world, 9);
  await authorize(world, 4);
  await ask(
    server,
    world.admin,
    'mutation ($account: ID!, $id: ID!) { refund(accountId: $account, decisionId: $id, quantity: 5, idempotencyKey: "back", reason: "test") { id } }',
    { account: world.account, id },
  );
});
afterAll(endVisits);

/** What the ledger's entries of each kind add up to, in millionths. */
async function ledgerSums(): Promise<Record<string, number>> {
  type Entries = { account: { balanceUpdates: { edges: { node: { kind: string; amount: string } }[] } } };
  const { account } = await ask<Entries>(
    server,
    world.user,
    "query ($id: ID!) { account(id: $id) { balanceUpdates(first: 200) { edges { node { kind amount } } } } }",
    { id: world.account },
  );
  const sums: Record<string, number> = {};
  for (const { node } of account.balanceUpdates.edges) sums[node.kind] = (sums[node.kind] ?? 0) + Math.round(Number(node.amount) * 1e6);
  return sums;
}

test("usage is net of refunds, and says how it adds up with the ledger", async () => {
  const visitor = await visit(browser, { timezoneId: "Asia/Kolkata" });
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/credits?tab=usage");
  const line = page.locator("[data-net]");
  await line.waitFor();
  const { DEBIT, REFUND } = await ledgerSums();
  const told = async (name: string) => Math.round(Number(await line.getAttribute(`data-${name}`)) * 1e6);
  expect([await told("spent"), await told("refunded"), await told("net")]).toEqual([-DEBIT!, REFUND, -DEBIT! - REFUND!]);
  expect(await line.innerText()).toContain("Gross 7.50 − refunded 2.50 = net 5 credits");
  await page.getByText("Days in Asia/", { exact: false }).first().waitFor();

  const usage = page.getByRole("region", { name: "Usage", exact: true });
  const totals = async () => (await usage.locator("dl").innerText()).split(/\n+/);
  await page.getByLabel("Measured in").selectOption("credits");
  await expect.poll(totals).toEqual(["Credits", "5 cr"]);
  await page.getByText("Gross", { exact: true }).click();
  await expect.poll(totals).toEqual(["Credits", "7.50 cr"]);
  await page.getByLabel("Measured in").selectOption("quantity");
  await expect.poll(totals).toEqual(["Rate limit", "3 messages", "Credits", "15 messages"]);
  expectClean(visitor);
  await visitor.close();
});

test.each(["Asia/Kolkata", "America/St_Johns", "Europe/Berlin"])("a day in %s is a whole day, as the API counts it", async (timezoneId) => {
  const visitor = await visit(browser, { timezoneId });
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/credits?tab=usage");
  await page.getByText("As a table").click();
  const last = page.locator("[data-column]").last();
  const start = Date.parse((await last.getAttribute("data-column"))!);
  const midnight = new Intl.DateTimeFormat("en-GB", { timeZone: timezoneId, timeStyle: "medium" });
  expect(midnight.format(start)).toBe("00:00:00");
  type Usage = { account: { usage: { total: string; refunded: string }[] } };
  const { account } = await ask<Usage>(
    server,
    world.user,
    "query ($id: ID!, $from: DateTime!, $to: DateTime!) { account(id: $id) { usage(from: $from, to: $to, interval: MONTH) { total refunded } } }",
    { id: world.account, from: new Date(start).toISOString(), to: new Date(start + 86_400_000).toISOString() },
  );
  const sum = account.usage.reduce((all, { total, refunded }) => all + Number(total) - Number(refunded), 0);
  const cells = await last.locator("td.number").allInnerTexts();
  expect(cells.reduce((all, text) => all + (text === "–" ? 0 : Number(text.split(" ")[0])), 0)).toBe(sum);
  expectClean(visitor);
  await visitor.close();
});

test("the 24-hour chart is keyed by instant: the last column is this hour, in its tooltip too", async () => {
  const visitor = await visit(browser, { timezoneId: "Asia/Kolkata", height: 1000 });
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/credits?tab=usage");
  await page.getByLabel("Range").selectOption("24 hours");
  await page.getByText("Hours in Asia/", { exact: false }).waitFor();
  await page.getByText("As a table").click();
  const columns = page.locator("[data-column]");
  await columns.first().waitFor();
  const starts = await columns.evaluateAll((rows) => rows.map((row) => row.getAttribute("data-column")!));
  expect(new Set(starts).size).toBe(starts.length);
  const hour = 3_600_000;
  const half = 30 * 60_000;
  // An hour of Kolkata begins at half past one of UTC's, and this one holds now.
  expect(starts.every((start) => Date.parse(start) % hour === half)).toBe(true);
  expect(Date.now() - Date.parse(starts.at(-1)!)).toBeLessThan(hour + 60_000);
  const name = await columns.last().locator("td").first().innerText();
  const plot = (await page.locator(".recharts-cartesian-grid").first().boundingBox())!;
  // What the tooltip says in the first frame that it is seen in is kept.
  await page.evaluate(() => {
    const seen = ((window as unknown as { firstSeen: string[] }).firstSeen = [] as string[]);
    const look = () => {
      const text = document.querySelector<HTMLElement>(".recharts-tooltip-wrapper")?.innerText ?? "";
      if (text === "") requestAnimationFrame(look);
      else seen.push(text);
    };
    look();
  });
  await page.mouse.move(plot.x + plot.width - 12, plot.y + plot.height / 2);
  const tooltip = page.locator(".recharts-tooltip-wrapper");
  await tooltip.getByText(name).waitFor();
  // Its figures are those of the table's last row.
  const figures = (await columns.last().locator("td.number").allInnerTexts()).map((text) => (text === "–" ? "0" : text.split(" ")[0]!));
  const said = (text: string) => text.split(/\n+/).filter((line) => /^[\d.,]+$/.test(line));
  expect(said(await tooltip.innerText())).toEqual(figures);
  // It says them from its first frame on.
  const first = () => page.evaluate(() => (window as unknown as { firstSeen: string[] }).firstSeen);
  await expect.poll(async () => (await first()).length).toBe(1);
  expect((await first()).map(said)).toEqual([figures]);
  expectClean(visitor);
  await visitor.close();
});

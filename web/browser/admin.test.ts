import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ask, authorize, makeWorld, sign } from "./api.ts";
import { endVisits, expectClean, followed, launch, signIn, visit } from "./portal.ts";

const server = inject("server");
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(endVisits);

test("an admin grants credits, and the user's balance moves in a second browser", async () => {
  const world = await makeWorld(server);
  const [admin, user] = await Promise.all([visit(browser), visit(browser)]);
  await signIn(user, server.url, world.user);
  const available = user.page.locator('[data-figure="balance"]');
  await expect.poll(() => available.innerText()).toContain("20");

  await signIn(admin, server.url, world.admin, "/accounts");
  const { page } = admin;
  await page.getByLabel("Search the accounts").fill(world.account);
  await page.getByRole("link", { name: world.name }).click();
  await page.getByRole("button", { name: "Give a grant", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Amount").fill("12.345678");
  await dialog.getByLabel("Note").fill("Sorry for the outage");
  await dialog.getByText("32.345678").waitFor();
  await dialog.getByLabel("Reason").fill("Goodwill");
  await dialog.getByRole("button", { name: "Give the grant", exact: true }).click();
  await dialog.getByText("12.345678", { exact: false }).waitFor();
  await expect.poll(() => available.innerText(), { timeout: 20_000 }).toContain("32.345678");

  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await user.page.getByRole("link", { name: "Credits" }).click();
  await user.page.getByText("Sorry for the outage").waitFor();
  await page.getByRole("tab", { name: "Audit" }).click();
  await page.getByText("Goodwill").waitFor();
  expectClean(admin);
  expectClean(user);
  await Promise.all([admin.close(), user.close()]);
});

test("an admin refunds a decision, voids a grant, caps spending and suspends, each with its effect before and its result after", async () => {
  const world = await makeWorld(server);
  const answer = await authorize(world, 5);
  const admin = await visit(browser);
  const { page } = admin;
  const dialog = page.getByRole("dialog").last();
  const submit = async (verb: string) => {
    await dialog.getByLabel("Reason").fill("browser test");
    await dialog.getByRole("button", { name: verb, exact: true }).click();
  };

  await signIn(admin, server.url, world.admin, `/accounts/${world.account}/history?why=${answer.id}`);
  await page.getByRole("dialog").getByRole("button", { name: "Refund", exact: true }).click();
  await dialog.getByText("Of the 1 credit charged").waitFor();
  await submit("Refund");
  await dialog.getByText("5 messages and 1 credit were given back").waitFor();
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await page.keyboard.press("Escape");
  await page.getByText("5 refunded", { exact: true }).waitFor();

  await page.getByRole("button", { name: "Spend cap", exact: true }).click();
  await dialog.getByLabel("At most").fill("7.50");
  await dialog.getByText("7.50 credits a month").first().waitFor();
  await submit("Set the cap");
  await dialog.getByText("At most 7.50 credits a month can be drawn now").waitFor();
  await dialog.getByRole("button", { name: "Done", exact: true }).click();

  await page.getByRole("tab", { name: "Credits" }).click();
  await page.getByRole("button", { name: /^Void the grant/ }).click();
  await dialog.getByText("This cannot be undone").waitFor();
  await submit("Void the grant");
  await dialog.getByText("The grant is void").waitFor();
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await page.getByText("No grants here").waitFor();

  await page.getByRole("button", { name: "More actions", exact: true }).click();
  await page.getByRole("menuitem", { name: "Suspend" }).click();
  await submit("Suspend");
  await dialog.getByText("every request is denied from now on").waitFor();
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await page.getByRole("button", { name: "Activate", exact: true }).waitFor();
  expect((await authorize(world)).status).toBe("DENIED");
  expectClean(admin);
  await admin.close();
});

test("a plan is put in order by keyboard and by drag, simulated on a real account and published", async () => {
  const world = await makeWorld(server);
  for (let count = 0; count < 4; count += 1) await authorize(world, 2);
  const admin = await visit(browser, { height: 1000 });
  const { page } = admin;
  await signIn(admin, server.url, world.admin, `/plans/${world.plan}/edit`);
  const kinds = () => page.locator("li[data-id] strong").allInnerTexts();
  await expect.poll(kinds).toEqual(["Rate limit", "Promotion", "Credits"]);

  await page.getByRole("button", { name: "Move Promotion promotion up", exact: true }).focus();
  await page.keyboard.press("Enter");
  expect(await kinds()).toEqual(["Promotion", "Rate limit", "Credits"]);
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Move Promotion promotion down");
  await page.keyboard.press("Enter");
  expect(await kinds()).toEqual(["Rate limit", "Promotion", "Credits"]);

  const grip = (await page.locator("li[data-id]").nth(2).locator("[data-grip]").boundingBox())!;
  const first = (await page.locator("li[data-id]").nth(1).boundingBox())!;
  await page.mouse.move(grip.x + grip.width / 2, grip.y + grip.height / 2);
  await page.mouse.down();
  await page.mouse.move(grip.x, first.y + first.height / 2, { steps: 8 });
  await page.mouse.up();
  expect(await kinds()).toEqual(["Rate limit", "Credits", "Promotion"]);

  await page.getByLabel("Rate limit hourly: limit").fill("1");
  const panel = page.getByRole("region", { name: "Before it is published" });
  const bar = page.getByRole("region", { name: "Publish", exact: true });
  await bar.getByText("2 changes").waitFor();
  await panel.getByText("Rate limit, 1 per hour, for each user (hourly)").waitFor();
  await panel.getByLabel("Simulate on the account").fill(world.account);
  await panel.getByRole("button", { name: "Simulate", exact: true }).click();
  await panel.getByText("Requests in 7 days").waitFor();
  const figures = await panel.locator("dl").first().innerText();
  expect(figures).toMatch(/Requests in 7 days\s+4/);
  // 8 messages: three were free, five paid; with one free, seven are paid.
  expect(figures).toMatch(/2\.50 → 3\.50/);

  await bar.getByRole("button", { name: "Publish …", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("Shorter free window");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog.getByText("version 2").waitFor();
  await dialog.getByRole("link", { name: "See it" }).click();
  await page.getByText("version 2 of 2").waitFor();
  await page.getByRole("region", { name: "Compare versions" }).getByText("Rate limit, 1 per hour, for each user (hourly)").waitFor();
  expectClean(admin);
  await admin.close();
});

test("who edits a plan that another one publishes meanwhile sees who and what, and keeps what was typed", async () => {
  const world = await makeWorld(server);
  const admin = await visit(browser, { height: 1000 });
  const { page } = admin;
  await signIn(admin, server.url, world.admin, `/plans/${world.plan}/edit`);
  await page.getByLabel("Rate limit hourly: limit").fill("7");

  const features = [{ feature: world.feature, waterfall: [{ kind: "CREDIT", key: "credits", scope: "ACCOUNT" }] }];
  await ask(
    server,
    sign(server, { sub: "grace", roles: ["admin"] }),
    "mutation ($input: PlanInput!) { publishPlan(input: $input, expectedVersion: 1, reason: \"Credits alone\") { version } }",
    { input: { key: world.plan, name: "Credits alone", features } },
  );

  const bar = page.getByRole("region", { name: "Publish", exact: true });
  await bar.getByText("1 change", { exact: true }).waitFor();
  await bar.getByRole("button", { name: "Publish …", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("Seven an hour");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  const overtaken = dialog.getByRole("alert");
  await overtaken.getByText("grace published version 2", { exact: false }).waitFor();
  await overtaken.getByText("Credits alone", { exact: false }).first().waitFor();
  await overtaken.getByText("Rate limit, 3 per hour, for each user (hourly)").waitFor();
  expect(await page.getByLabel("Rate limit hourly: limit").inputValue()).toBe("7");

  await overtaken.getByRole("button", { name: "Compare mine with version 2", exact: true }).click();
  await dialog.getByText("Rate limit, 7 per hour, for each user (hourly)").waitFor();
  expect(await dialog.getByLabel("Reason").inputValue()).toBe("Seven an hour");
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog.getByText("version 3").waitFor();
  await admin.close();
});

test("a price to come is listed, and withdrawn", async () => {
  const world = await makeWorld(server);
  const effectiveFrom = new Date(Date.now() + 3 * 86_400_000).toISOString();
  await ask(
    server,
    world.admin,
    'mutation ($feature: String!, $effectiveFrom: DateTime!) { setPrice(feature: $feature, credits: "0.75", effectiveFrom: $effectiveFrom, reason: "dearer") { key } }',
    { feature: world.feature, effectiveFrom },
  );
  const admin = await visit(browser);
  const { page } = admin;
  await signIn(admin, server.url, world.admin, "/plans");
  const row = page.getByRole("region", { name: "Prices" }).getByRole("listitem").filter({ hasText: world.featureName });
  await row.getByText("0.75 credits a message", { exact: false }).waitFor();
  await row.getByRole("button", { name: /^Withdraw 0\.75 credits/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("Not this year");
  await dialog.getByRole("button", { name: "Withdraw the price", exact: true }).click();
  await dialog.getByText("The price is withdrawn", { exact: false }).waitFor();
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  await expect.poll(() => row.innerText()).not.toContain("0.75");
  expect(await row.innerText()).toContain("0.50 credits a message");

  await page.getByRole("link", { name: "Audit log" }).click();
  const entry = page.getByRole("listitem").filter({ hasText: "Not this year" });
  await entry.getByText(`withdrew a price of ${world.feature}`, { exact: false }).waitFor();
  expectClean(admin);
  await admin.close();
});

test("live shows every account; verifying says which books add up, and of how many accounts", async () => {
  const world = await makeWorld(server);
  const admin = await visit(browser);
  const { page } = admin;
  await signIn(admin, server.url, world.admin, `/live?feature=${world.feature}`);
  const { made, shown } = await followed(admin, () => authorize(world));
  // As many are denied as were seen to be allowed.
  let denied = await authorize(world, 1000);
  for (let more = 1; more < shown; more += 1) denied = await authorize(world, 1000);
  await page.locator(`[data-decision="${denied.id}"]`).waitFor({ timeout: 20_000 });
  const rates = page.getByRole("region", { name: "The last minute" });
  await rates.getByText("50%").first().waitFor();
  await rates.getByText("Not enough credits").waitFor();

  await page.getByRole("link", { name: "Proof" }).click();
  await page.getByLabel("Account").fill(world.account);
  await page.getByRole("button", { name: "Verify now", exact: true }).click();
  // One account proves nothing of the others: how many of how many is said, and up to when.
  const verdict = page.getByRole("status").filter({ hasText: "1 account adds up" });
  await verdict
    .getByText(new RegExp(`1 of \\d+ accounts, as they stood at .*\\d:\\d\\d.*: ${made + shown} usage events`))
    .waitFor({ timeout: 20_000 });
  expect(await page.getByRole("status").getByText("Everything adds up").count()).toBe(0);
  expectClean(admin);
  await admin.close();
});

test("an admin makes an account and moves it to another plan, sees before what that does, and the audit log keeps it", async () => {
  const [world, other] = await Promise.all([makeWorld(server), makeWorld(server)]);
  const id = `${world.account}/made:here@example.org`;
  const admin = await visit(browser);
  const { page } = admin;
  const dialog = page.getByRole("dialog");
  await signIn(admin, server.url, world.admin, "/accounts");
  await page.getByRole("button", { name: "New account", exact: true }).click();
  await dialog.getByLabel("Id").fill(id);
  await dialog.getByLabel("Name").fill("Made here");
  await dialog.getByLabel("Plan").selectOption(world.plan);
  await dialog.getByLabel("Reason").fill("They signed up");
  await dialog.getByRole("button", { name: "Create the account", exact: true }).click();
  await dialog.getByRole("link", { name: "Open it" }).click();
  await page.getByRole("heading", { name: "Made here" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Made here" }).waitFor();

  await authorize({ ...world, account: id }, 2);
  await page.getByRole("button", { name: "Change plan", exact: true }).click();
  await dialog.getByLabel("New plan").selectOption(other.plan);
  // The other plan does not know the feature: the request of just now would have been denied.
  await expect.poll(() => dialog.locator("dl").innerText()).toMatch(/Requests in 7 days\s+1\s+Newly allowed\s+0\s+Newly denied\s+1/);
  await dialog
    .getByText("Not in the plan")
    .or(dialog.getByText("Denied", { exact: true }))
    .first()
    .waitFor();
  await dialog.getByLabel("Reason").fill("They asked for it");
  await dialog.getByRole("button", { name: "Change the plan", exact: true }).click();
  await dialog.getByText("is on Plan", { exact: false }).waitFor();
  await dialog.getByRole("button", { name: "Done", exact: true }).click();
  expect((await authorize({ ...world, account: id })).status).toBe("DENIED");

  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByLabel("Account").fill(id);
  const entry = page.getByRole("listitem").filter({ hasText: "They asked for it" });
  await entry.getByText("moved to the plan", { exact: false }).waitFor();
  await expect.poll(() => page.getByRole("region", { name: "Changes" }).getByRole("listitem").count()).toBe(2);
  await entry.getByText("What changed").click();
  expect(await entry.locator("del").first().innerText()).toContain(world.plan);
  expect(await entry.locator("ins").first().innerText()).toContain(other.plan);
  expectClean(admin);
  await admin.close();
});

test("the keyboard goes through an account's tabs, and stays on them", async () => {
  const world = await makeWorld(server);
  const admin = await visit(browser);
  const { page } = admin;
  await signIn(admin, server.url, world.admin, `/accounts/${world.account}`);
  await page.getByRole("tab", { name: "Overview" }).focus();
  for (const [name, place] of [
    ["History", "history"],
    ["Credits", "credits"],
    ["Check", "check"],
  ] as const) {
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(`**/accounts/${world.account}/${place}`);
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe(name);
  }
  expectClean(admin);
  await admin.close();
});

test("an address that leads nowhere says so, and never stays a skeleton", async () => {
  const world = await makeWorld(server);
  const admin = await visit(browser);
  const { page } = admin;
  await signIn(admin, server.url, world.admin);
  for (const [path, words] of [
    ["/accounts/nobody", "There is no such account"],
    [`/accounts/${world.account}/nothing`, "There is nothing at this address"],
    [`/accounts/${world.account}/history?why=nothing`, "There is no such decision"],
    [`/accounts/${world.account}/credits?tab=nothing`, "For the test"],
    ["/plans/nothing", "There is no such plan"],
    ["/plans/nothing/edit", "There is no such plan"],
    [`/plans/${world.plan}?version=7`, "There is no such plan"],
    [`/plans/${world.plan}?version=1.5`, "version 1 of 1"],
    [`/plans/${world.plan}?version=99999999999`, "Loading the plan did not work"],
  ] as const) {
    await page.goto(`${server.url}${path}`);
    await page.getByText(words).waitFor();
  }
  expectClean(admin);
  await admin.close();
});

test("an anomaly appears by itself and leads to its account", async () => {
  const world = await makeWorld(server);
  const admin = await visit(browser);
  const { page } = admin;
  await signIn(admin, server.url, world.admin, "/anomalies?show=open");
  const conflicts = [1, 2, 3, 4, 5].map((quantity) => authorize(world, quantity, { idempotencyKey: "the same" }).catch(() => "refused"));
  expect((await Promise.all(conflicts)).filter((answer) => answer === "refused")).toHaveLength(4);
  const row = page.getByRole("listitem").filter({ hasText: world.account });
  await row.getByText("Conflicting idempotency keys").waitFor({ timeout: 30_000 });
  await row.getByRole("link", { name: world.account }).click();
  await page.getByRole("heading", { name: world.name }).waitFor();
  expectClean(admin);
  await admin.close();
});

test("mismatches are named with their place, and a long list of them stays light", async () => {
  const world = await makeWorld(server);
  const admin = await visit(browser);
  const { page } = admin;
  const mismatch = { accountId: world.account, check: "replay.charged", expected: "1000", found: "999", reference: "event:e-1" };
  const found = { id: "r-1", startedAt: new Date().toISOString(), finishedAt: new Date().toISOString(), accounts: 1 };
  const node = {
    ...found,
    usageEvents: 9,
    monetizationEvents: 9,
    balanceUpdates: 9,
    mismatches: Array.from({ length: 1000 }, () => mismatch),
  };
  const data = { reconciliations: { edges: [{ cursor: "r-1", node }], pageInfo: { hasNextPage: false, endCursor: "r-1" } } };
  await page.route("**/graphql", (route) =>
    route.request().postData()?.includes('"Reconciliations"') ? route.fulfill({ json: { data } }) : route.continue(),
  );
  await signIn(admin, server.url, world.admin, "/proof");
  await page.getByRole("status").filter({ hasText: "1,000 mismatches" }).waitFor();
  const row = page.locator("tbody tr");
  expect(await row.count()).toBe(100);
  expect(await row.first().innerText()).toMatch(/replay\.charged\s+1000\s+999\s+event:e-1/);
  await page.getByText("See what differs").click();
  await expect.poll(() => row.count()).toBe(200);
  await row.first().getByRole("link", { name: world.account }).click();
  await page.getByRole("heading", { name: world.name }).waitFor();
  expectClean(admin);
  await admin.close();
});

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { authorize, makeWorld, type World } from "./api.ts";
import { endVisits, expectClean, go, launch, signIn, visit } from "./portal.ts";

const server = inject("server");
let browser: Browser;
let world: World;

beforeAll(async () => {
  [browser, world] = await Promise.all([launch(), makeWorld(server, { credits: "1234.5" })]);
  await authorize(world, 5);
});
afterAll(endVisits);

test("every page comes with a policy that lets in nothing from elsewhere and no inline code", async () => {
  const { headers } = await fetch(`${server.url}/history`);
  const policy = new Map(
    headers
      .get("content-security-policy")!
      .split(";")
      .map((part) => part.trim().split(/\s+/))
      .map(([name, ...sources]) => [name!, sources.join(" ")]),
  );
  expect(policy.get("default-src")).toBe("'none'");
  for (const name of ["script-src", "style-src", "img-src", "connect-src"])
    expect(policy.get(name), name).toMatch(/^'self'( (data|ws|wss):\S*)?$/);
  for (const name of ["base-uri", "form-action", "frame-ancestors"]) expect(policy.get(name), name).toBe("'none'");
});

test("a page that loads shows its shape; a fault shows its request id, and trying again helps", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user);
  let answer: () => void = () => undefined;
  const asked = new Promise<void>((done) => (answer = done));
  await page.route("**/graphql", async (route) => {
    if (!route.request().postData()?.includes('"Grants"')) return route.continue();
    await asked;
    const error = { message: "The database is away.", extensions: { code: "UNAVAILABLE", retryable: true, requestId: "req-42" } };
    // As the server answers: the field may be null, and where it could not be read it is.
    return route.fulfill({ json: { data: { account: null }, errors: [error] } });
  });
  await page.getByRole("link", { name: "Credits" }).click();
  await page.locator("[aria-busy=true] .mantine-Skeleton-root").first().waitFor();
  answer();
  const alert = page.getByRole("alert");
  await alert.getByText("req-42").waitFor();
  expect(await alert.innerText()).toContain("The database is away.");
  await page.unrouteAll();
  await alert.getByRole("button", { name: "Try again", exact: true }).click();
  await page.getByText("For the test").waitFor();
  expect(await alert.count()).toBe(0);
  expectClean(visitor);
  await visitor.close();
});

test("where asking again fails, what is there stays, and so does what was typed", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.admin, `/plans/${world.plan}/edit`);
  await page.getByText("Live", { exact: true }).last().waitFor();
  await page.getByRole("textbox", { name: "Name" }).fill("Not published yet");
  await page.route("**/graphql", (route) =>
    route.fulfill({ json: { data: null, errors: [{ message: "The database is away.", extensions: { code: "UNAVAILABLE" } }] } }),
  );
  // As after a sleep: a new connection, and everything is asked again.
  const asked = (name: string) => page.waitForResponse((answer) => !!answer.request().postData()?.includes(`"${name}"`));
  const again = Promise.all(["Viewer", "Plans", "PlanVersion"].map(asked));
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await again;
  await page.waitForTimeout(300);
  expect(await page.getByRole("textbox", { name: "Name" }).inputValue()).toBe("Not published yet");
  expectClean(visitor);
  await visitor.close();
});

test("a part of the portal that cannot be loaded breaks its page alone", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user);
  await page.route("**/assets/CheckPage*.js", (route) => route.abort());
  await page.getByRole("link", { name: "Check" }).click();
  await page.getByText("Showing this page did not work").waitFor();
  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("heading", { name: "History" }).waitFor();
  await page.goBack();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await page.getByRole("heading", { name: "Check" }).waitFor();
  await visitor.close();
});

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let presses = 0; presses < 40; presses += 1) {
    await page.keyboard.press("Tab");
    if (name.test(await focused(page))) return;
  }
  throw new Error(`Tab does not reach ${name}`);
}

function focused(page: Page): Promise<string> {
  return page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
}

test("the keyboard alone leads from the first page to a decision's why and back", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user);
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Skip to the content");
  await tabTo(page, /^History$/);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Why\?/ }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  await tabTo(page, /^Why\?/);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByText("Down the waterfall").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await expect.poll(() => focused(page)).toMatch(/^Why\?/);
  expectClean(visitor);
  await visitor.close();
});

test("on a phone the menu opens and closes by itself once a page is chosen", async () => {
  const visitor = await visit(browser, { width: 390, height: 844 });
  const { page } = visitor;
  await signIn(visitor, server.url, world.user);
  const link = page.getByRole("link", { name: "History" });
  expect(await link.isVisible()).toBe(false);
  // Whether the page is live is told without the menu.
  await expect.poll(() => page.getByText("Live", { exact: true }).isVisible()).toBe(true);
  await page.getByRole("button", { name: "Open the menu", exact: true }).click();
  await link.focus();
  await page.keyboard.press("Escape");
  expect(await link.isVisible()).toBe(false);
  expect(await focused(page)).toBe("Open the menu");
  await page.keyboard.press("Enter");
  await link.click();
  await page.getByRole("heading", { name: "History" }).waitFor();
  expect(await link.isVisible()).toBe(false);
  // The row fits: its answer and its "why?" are in sight without scrolling.
  await page.getByRole("button", { name: /^Why\?/ }).waitFor();
  for (const part of [page.locator("[data-decision] td").nth(1), page.getByRole("button", { name: /^Why\?/ })]) {
    const box = (await part.boundingBox())!;
    expect(box.x + box.width).toBeLessThanOrEqual(390);
  }
  expectClean(visitor);
  await visitor.close();
});

test("digits, dates and clocks are the reader's own, words are not; how long ago and the exact time are there on hover", async () => {
  const visitor = await visit(browser, { locale: "de-DE", timezoneId: "Asia/Kolkata" });
  const { page } = visitor;
  await signIn(visitor, server.url, world.user);
  const available = page.getByRole("region", { name: "Credits" }).locator("dd").first();
  // 1234.5 less two messages at half a credit each
  await expect.poll(() => available.innerText()).toContain("1.233,50");
  await go(visitor, server.url, "/history");
  const when = page.locator("[data-decision] time");
  const told = (zone: string, clockAlone: boolean) =>
    page.evaluate(
      ([at, timeZone, alone]) =>
        new Intl.DateTimeFormat("de-DE", alone ? { timeStyle: "medium", timeZone } : { dateStyle: "medium", timeStyle: "long", timeZone }).format(
          Date.parse(at!),
        ),
      [instant, zone, clockAlone] as const,
    );
  const instant = await when.getAttribute("datetime");
  expect(await when.innerText()).toContain(await told("Asia/Kolkata", true));
  const [ago, exact] = (await when.getAttribute("title"))!.split(" · ");
  expect(ago).toMatch(/^(now|\d+ (seconds?|minutes?) ago)$/);
  expect(exact).toBe(await told("Asia/Kolkata", false));

  // The switch changes every time on the page, and is kept.
  await page.getByText("Times in Asia/").waitFor();
  await page.getByRole("button", { name: "Use UTC", exact: true }).click();
  await expect.poll(() => when.innerText()).toContain(await told("UTC", true));
  await page.reload();
  await when.waitFor();
  expect(await when.innerText()).toContain(await told("UTC", true));
  expectClean(visitor);
  await visitor.close();
});

test("filters are part of the address, and the back button takes them away again", async () => {
  const visitor = await visit(browser);
  const { page } = visitor;
  await signIn(visitor, server.url, world.user, "/history");
  const row = page.locator("[data-decision]");
  await row.waitFor();
  await page.getByLabel("Result").selectOption("DENIED");
  await page.getByText("No decision matches").waitFor();
  expect(page.url()).toBe(`${server.url}/history?status=DENIED`);
  await page.goBack();
  await row.waitFor();
  await page.goForward();
  await page.getByText("No decision matches").waitFor();
  await page.getByRole("button", { name: "Clear", exact: true }).click();
  await row.waitFor();
  expectClean(visitor);
  await visitor.close();
});

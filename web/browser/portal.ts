import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import axe from "axe-core";
import { chromium, type Browser, type BrowserContext, type Locator, type Page } from "playwright-core";
import { expect } from "vitest";

let launched: Promise<Browser> | undefined;

/** Where browsers are, the fastest first; the names are those that .ci/install looks for. */
const browsers = [
  ...["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"].flatMap((name) =>
    (process.env.PATH ?? "").split(delimiter).map((dir) => join(dir, name)),
  ),
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser that CHROMIUM names, or else the first that is there; one for all files of a worker. It ends with the worker. */
export function launch(): Promise<Browser> {
  return (launched ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? browsers.find((path) => existsSync(path)),
    // Nothing here has a graphics card: a process of its own for drawing costs a fifth of the time.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--in-process-gpu", "--disable-gpu-rasterization"],
  }));
}

/** A page with what it did wrong: what its policy forbade, what it loaded from elsewhere, and its own errors. */
export interface Watched {
  page: Page;
  context: BrowserContext;
  faults: string[];
  /** Ends the visit. Nothing that it kept is there for the next one. */
  close: () => Promise<void>;
}

interface Options {
  width?: number;
  height?: number;
  dark?: boolean;
  locale?: string;
  timezoneId?: string;
  /** A finger instead of a mouse. */
  touch?: boolean;
}

/** Contexts that nobody visits at present, by what they were made with. */
const idle = new Map<string, BrowserContext[]>();

/** Those that somebody visits. */
const visited = new Set<BrowserContext>();

/** Ends what a file's tests left open: what they share, and what one that failed was looking at. */
export async function endVisits(): Promise<void> {
  await Promise.all([...visited].map((context) => context.close()));
  visited.clear();
}

/**
 * A fresh visitor: own storage, own window. The code that the portal loads is kept from one visit to the next, as a
 * browser keeps it: to compile it anew would be half of a short test's time.
 */
export async function visit(
  browser: Browser,
  { width = 1280, height = 860, dark = false, locale = "en-US", timezoneId, touch }: Options = {},
): Promise<Watched> {
  const options = { colorScheme: dark ? "dark" : "light", reducedMotion: "reduce", locale, timezoneId, hasTouch: touch } as const;
  const kind = JSON.stringify(options);
  const context = idle.get(kind)?.pop() ?? (await browser.newContext(options));
  visited.add(context);
  const page = await context.newPage();
  await page.setViewportSize({ width, height });
  const faults: string[] = [];
  await page.exposeFunction("reportViolation", (text: string) => faults.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      void (window as unknown as { reportViolation: (text: string) => void }).reportViolation(
        `${event.violatedDirective} ${event.blockedURI} ${event.sample}`,
      );
    });
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  const close = async () => {
    await context.setOffline(false);
    for (const one of context.pages()) {
      await one.evaluate(() => localStorage.clear()).catch(() => undefined); // a page that was never opened has none
      await one.close();
    }
    visited.delete(context);
    idle.set(kind, [...(idle.get(kind) ?? []), context]);
  };
  return { page, context, faults, close };
}

/** Opens a page of the portal with a sign-in link, as `dev` prints them. */
export async function signIn({ page, faults }: Watched, url: string, token: string, path = "/"): Promise<void> {
  const from = new URL(url).origin;
  page.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(from) && !address.startsWith("data:") && !address.startsWith("blob:")) faults.push(`loaded: ${address}`);
  });
  await page.goto(`${url}${path}#token=${token}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
}

/** The account that the page's frame says one is signed in to; a page may name it as well. */
export function signedIn(page: Page, account: string): Locator {
  return page.getByRole("complementary", { name: "Spillway" }).getByText(account);
}

/** Opens another page by its address, in the session that is there, and waits until all of it is loaded. */
export async function go({ page }: Watched, url: string, path: string): Promise<void> {
  await page.goto(`${url}${path}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await settled({ page });
}

/** Goes to another page as a link on the one that is there does, and waits until it is shown: nothing is loaded anew. */
export async function follow({ page }: Pick<Watched, "page">, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, "", to);
    dispatchEvent(new PopStateEvent("popstate", { state: null }));
  }, path);
  await page.waitForFunction(() => document.querySelector("main")?.dataset.at === location.pathname + location.search);
}

/** Takes a token as a sign-in link that is opened in the same tab brings it; another person's asks first. */
export async function openLink({ page }: Pick<Watched, "page">, token: string): Promise<void> {
  await page.evaluate((text) => void (location.hash = `token=${text}`), token);
}

/** Waits until nothing on the page is a skeleton any more. */
export async function settled({ page }: Pick<Watched, "page">): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true], .mantine-Skeleton-root") === null);
}

/**
 * The live list shows decisions from its subscription on, and that begins unseen: asks until one is shown, and then
 * waits for the newest. Answers with how many were made, and how many of them the list shows.
 */
export async function followed({ page }: Watched, decide: () => Promise<{ id: string }>): Promise<{ made: number; shown: number }> {
  const rows = page.locator("[data-decision]");
  let made = 0;
  let newest = "";
  const ask = async () => {
    newest = (await decide()).id;
    made += 1;
    return rows.count();
  };
  await expect.poll(ask, { timeout: 30_000, interval: 300 }).toBeGreaterThan(0);
  await expect.poll(() => rows.first().getAttribute("data-decision"), { timeout: 20_000 }).toBe(newest);
  return { made, shown: await rows.count() };
}

/** Everything axe finds on the page as it is now, by rule and element; by some rules alone, where they are named. */
export async function axeFaults({ page }: Watched, rules?: string[]): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  return page.evaluate(async (only) => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
      resultTypes: ["violations"],
      preload: false,
      ...(only && { runOnly: only }),
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary?.split("\n")[1]?.trim() ?? ""}`),
    );
  }, rules);
}

/** Nothing the page did was forbidden, and nothing broke. */
export function expectClean({ faults }: Watched): void {
  expect(faults).toEqual([]);
}

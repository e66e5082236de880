import axe from "axe-core";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { expect } from "vitest";

/** Debian's browser, or the one that CHROMIUM names. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
}

/** A page with what it did wrong: what its policy forbade, what it loaded from elsewhere, and its own errors. */
export interface Watched {
  page: Page;
  context: BrowserContext;
  faults: string[];
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

/** A fresh visitor: own storage, own window. */
export async function visit(
  browser: Browser,
  { width = 1280, height = 860, dark = false, locale = "en-US", timezoneId, touch }: Options = {},
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    locale,
    timezoneId,
    hasTouch: touch,
  });
  const page = await context.newPage();
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
  return { page, context, faults };
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

/** Opens another page by its address, in the session that is there, and waits until all of it is loaded. */
export async function go({ page }: Watched, url: string, path: string): Promise<void> {
  await page.goto(`${url}${path}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await settled({ page });
}

/** Waits until nothing on the page is a skeleton any more. */
export async function settled({ page }: Pick<Watched, "page">): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[aria-busy=true], .mantine-Skeleton-root") === null);
}

/** Everything axe finds on the page as it is now, by rule and element. */
export async function axeFaults({ page }: Watched): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (window as unknown as { axe: typeof axe }).axe.run(document, {
      resultTypes: ["violations"],
      preload: false,
    });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary?.split("\n")[1]?.trim() ?? ""}`),
    );
  });
}

/** Nothing the page did was forbidden, and nothing broke. */
export function expectClean({ faults }: Watched): void {
  expect(faults).toEqual([]);
}

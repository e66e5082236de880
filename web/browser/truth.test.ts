import { randomBytes } from "node:crypto";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ask, passed, sign } from "./api.ts";
import { endVisits, expectClean, follow, launch, openLink, settled, signIn, visit, type Watched } from "./portal.ts";

/*
 * What the Overview and the Check page show is what the API answers, for accounts in as many states as there
 * are ways to be told something untrue. A state is data: a plan, what the account was given and what it did.
 */

const server = inject("server");
const mark = randomBytes(4).toString("hex");
const admin = sign(server, { sub: "truth-admin", roles: ["admin"] });
const service = sign(server, { sub: "truth-service", roles: ["service"] });
const reason = "browser test";
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(endVisits);

interface Bucket {
  kind: "RATE_LIMIT" | "FREE_TIER" | "PROMOTION" | "ENTITLEMENT" | "CREDIT";
  key: string;
  scope?: "USER" | "ACCOUNT";
  windows?: { limit: number; duration: string }[];
  quota?: number;
  period?: "DAY" | "MONTH";
}

interface Gift {
  kind: "PROMOTION" | "ENTITLEMENT" | "CREDIT";
  amount: string;
  denomination?: "UNITS" | "CREDITS";
  features?: string[] | null;
  recurrence?: "DAY" | "MONTH";
  /** After so many seconds it expires. */
  lapsesIn?: number;
}

interface State {
  name: string;
  waterfall: Bucket[];
  divisible?: boolean;
  /** Credits and for how many units; null: no price. */
  price?: [credits: string, per: number] | null;
  ceilings?: { limit: number; duration: string }[];
  gifts?: Gift[];
  cap?: string;
  uses?: { quantity: number; holdFor?: string; allowPartial?: boolean; userId?: string }[];
  suspended?: boolean;
  /** What the Check page is asked. */
  check: number;
  /** What the row says, where a person wrote down what is right. */
  says?: string;
  /** What Check says. */
  checks?: string;
}

const rate = (limit: number, duration = "PT1H", more: Partial<Bucket> = {}): Bucket => ({
  kind: "RATE_LIMIT",
  key: `rate${limit}`,
  scope: "USER",
  windows: [{ limit, duration }],
  ...more,
});
const promotion: Bucket = { kind: "PROMOTION", key: "promotion" };
const contract: Bucket = { kind: "ENTITLEMENT", key: "contract" };
const credits: Bucket = { kind: "CREDIT", key: "credits" };
const own = "own";
/** The feature of the first state. */
const another = `truth-chat-${mark}-0`;
/** Seconds that a grant lives that is to be seen expired. */
const shortly = 3;
let lastLapse = "";
const later = (seconds: number) => new Date(Date.now() + seconds * 1000).toISOString();

const states: State[] = [
  {
    name: "included, then paid",
    waterfall: [rate(20), credits],
    price: ["0.05", 1],
    gifts: [{ kind: "CREDIT", amount: "66.80" }],
    uses: [{ quantity: 4 }],
    check: 17,
    says: "16 included messages left, then 0.05 credits each",
    checks: "Yes",
  },
  {
    name: "on paid credits",
    waterfall: [rate(2), credits],
    price: ["0.05", 1],
    gifts: [{ kind: "CREDIT", amount: "66.80" }],
    uses: [{ quantity: 2 }],
    check: 2000,
    says: "0.05 credits each, ≈ 1,336 messages affordable",
    checks: "No, not now",
  },
  {
    name: "a contract in credits, which is charged",
    waterfall: [contract, credits],
    price: ["1.2", 1],
    gifts: [{ kind: "ENTITLEMENT", amount: "120" }],
    uses: [{ quantity: 3 }],
    check: 5,
    says: "1.20 credits each, ≈ 97 messages affordable",
  },
  {
    name: "a contract in units, which is not",
    waterfall: [contract, credits],
    price: ["1.2", 1],
    gifts: [{ kind: "ENTITLEMENT", amount: "50", denomination: "UNITS", features: [own] }],
    uses: [{ quantity: 3 }],
    check: 5,
    says: "47 included messages left",
  },
  {
    name: "indivisible, over two sources",
    divisible: false,
    waterfall: [rate(10), promotion],
    gifts: [{ kind: "PROMOTION", amount: "10", denomination: "UNITS", features: [own] }],
    check: 15,
    says: "20 included messages left",
    checks: "Yes, but not at once",
  },
  {
    name: "indivisible, with credits behind",
    divisible: false,
    waterfall: [rate(6), credits],
    price: ["0.5", 1],
    gifts: [{ kind: "CREDIT", amount: "26" }],
    check: 58,
    says: "6 included messages left, then 0.50 credits each",
    checks: "Yes, but not at once",
  },
  {
    name: "suspended",
    waterfall: [rate(5), credits],
    gifts: [{ kind: "CREDIT", amount: "5" }],
    uses: [{ quantity: 2 }],
    suspended: true,
    check: 1,
    says: "Suspended, nothing can be used",
    checks: "No, not now",
  },
  {
    name: "spend cap reached",
    waterfall: [rate(1), credits],
    gifts: [{ kind: "CREDIT", amount: "50" }],
    cap: "5",
    uses: [{ quantity: 6 }],
    check: 1,
    checks: "No, not now",
  },
  { name: "a spend cap with room", waterfall: [credits], gifts: [{ kind: "CREDIT", amount: "50" }], cap: "5", uses: [{ quantity: 2 }], check: 4 },
  {
    name: "a recurring grant",
    waterfall: [credits],
    gifts: [{ kind: "CREDIT", amount: "100", recurrence: "MONTH" }],
    uses: [{ quantity: 40 }],
    check: 61,
  },
  {
    name: "a grant that lapses soon",
    waterfall: [promotion, credits],
    gifts: [
      { kind: "PROMOTION", amount: "3", lapsesIn: 86_400 },
      { kind: "CREDIT", amount: "10" },
    ],
    check: 4,
  },
  {
    name: "expired",
    waterfall: [promotion],
    gifts: [{ kind: "PROMOTION", amount: "7", denomination: "UNITS", features: [own], lapsesIn: shortly }],
    check: 1,
    says: "Used up",
  },
  {
    name: "two windows",
    waterfall: [{ kind: "RATE_LIMIT", key: "both", scope: "USER", windows: [{ limit: 5, duration: "PT5H" }, { limit: 6, duration: "P7D" }] }],
    uses: [{ quantity: 5 }],
    check: 2,
  },
  { name: "own and pooled windows", waterfall: [rate(4), rate(9, "PT1H", { key: "pooled", scope: "ACCOUNT" })], uses: [{ quantity: 2 }, { quantity: 3, userId: "bob" }], check: 12 },
  {
    name: "no price",
    waterfall: [rate(1), credits],
    price: null,
    gifts: [{ kind: "CREDIT", amount: "100" }],
    uses: [{ quantity: 1 }],
    check: 1,
    says: "Used up, no price is set, so credits cannot pay",
  },
  {
    name: "credits for another feature",
    waterfall: [credits],
    gifts: [{ kind: "CREDIT", amount: "100", features: [another] }],
    check: 1,
    says: "Credits needed",
  },
  { name: "held", waterfall: [rate(3), credits], gifts: [{ kind: "CREDIT", amount: "10" }], uses: [{ quantity: 5, holdFor: "PT10M" }], check: 9 },
  {
    name: "a free tier that is used up",
    waterfall: [{ kind: "FREE_TIER", key: "free", scope: "USER", quota: 5, period: "MONTH" }],
    uses: [{ quantity: 5 }],
    check: 1,
    says: "Used up",
  },
  {
    name: "practically unlimited",
    waterfall: [rate(9_007_199_254_740_991)],
    uses: [{ quantity: 12 }],
    check: 1_000_000,
    says: "9,007,199,254,740,979 included messages left",
  },
  { name: "untouched", waterfall: [rate(50), credits], price: ["2", 10], gifts: [{ kind: "CREDIT", amount: "9" }], check: 95 },
  {
    name: "a price that is rounded up for each request",
    waterfall: [credits],
    price: ["1", 3],
    gifts: [{ kind: "CREDIT", amount: "10" }],
    check: 30,
    checks: "Yes",
  },
  { name: "a ceiling", waterfall: [rate(50)], ceilings: [{ limit: 8, duration: "P1D" }], uses: [{ quantity: 5 }], check: 4 },
  {
    name: "units and credits in one source",
    waterfall: [promotion],
    price: ["0.1", 1],
    gifts: [
      { kind: "PROMOTION", amount: "4", denomination: "UNITS", features: [own] },
      { kind: "PROMOTION", amount: "2", lapsesIn: 86_400 * 30 },
    ],
    check: 30,
  },
];

interface Made {
  account: string;
  feature: string;
  token: string;
}

const mutation = (text: string, variables: object) => ask(server, admin, `mutation ${text}`, { ...variables, reason });

async function make(state: State, index: number): Promise<Made> {
  const [account, feature, plan] = ["acct", "chat", "plan"].map((kind) => `truth-${kind}-${mark}-${index}`) as [string, string, string];
  const price = state.price === undefined ? ["1", 1] : state.price;
  await mutation("($input: FeatureInput!, $reason: String!) { upsertFeature(input: $input, reason: $reason) { key } }", {
    input: { key: feature, name: `Chat ${index}`, unit: "message", divisible: state.divisible ?? true },
  });
  if (price) {
    await mutation("($feature: String!, $credits: Credits!, $per: Quantity!, $reason: String!) { setPrice(feature: $feature, credits: $credits, per: $per, reason: $reason) { key } }", {
      feature,
      credits: price[0],
      per: price[1],
    });
  }
  const waterfall = state.waterfall.map((bucket) => ({ scope: "ACCOUNT", ...bucket }));
  await mutation("($input: PlanInput!, $reason: String!) { publishPlan(input: $input, reason: $reason) { version } }", {
    input: { key: plan, name: `Plan ${index}`, features: [{ feature, waterfall, ceilings: state.ceilings ?? [] }] },
  });
  const input = { id: account, name: state.name, plan, reason };
  await ask(server, admin, "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { id } }", { input });
  for (const [place, { lapsesIn, features: named, ...gift }] of (state.gifts ?? []).entries()) {
    const features = named?.map((key) => (key === own ? feature : key)) ?? null;
    const expiresAt = lapsesIn === undefined ? null : later(lapsesIn);
    if (expiresAt && lapsesIn === shortly) lastLapse = expiresAt;
    await ask(server, admin, "mutation ($input: GrantInput!) { createGrant(input: $input) { id } }", {
      input: { accountId: account, ...gift, features, expiresAt, idempotencyKey: `gift-${place}`, reason },
    });
  }
  for (const [place, use] of (state.uses ?? []).entries()) {
    const answer = await ask<{ authorize: { status: string } }>(
      server,
      service,
      "mutation ($input: AuthorizeInput!) { authorize(input: $input) { status } }",
      { input: { accountId: account, userId: "ada", feature, idempotencyKey: `use-${place}`, ...use } },
    );
    if (answer.authorize.status === "DENIED") throw new Error(`${state.name}: use ${place} was denied`);
  }
  if (state.cap) {
    await mutation("($account: ID!, $cap: Credits!, $reason: String!) { setSpendCap(accountId: $account, limit: $cap, period: MONTH, reason: $reason) { id } }", {
      account,
      cap: state.cap,
    });
  }
  if (state.suspended) {
    await mutation("($account: ID!, $reason: String!) { setAccountStatus(accountId: $account, status: SUSPENDED, reason: $reason) { id } }", { account });
  }
  return { account, feature, token: sign(server, { sub: "ada", roles: ["user"], account }) };
}

const previewFields = "status reason explanation granted charged maxQuantity oneByOne included retryAt";

interface Preview {
  status: string;
  explanation: string;
  granted: number;
  charged: string;
  maxQuantity: number;
  oneByOne: number;
  included: number;
  retryAt: string | null;
}

interface Told {
  preview: Preview;
  account: {
    balance: { available: string; held: string; expiringSoon: string; nextExpiryAt: string | null };
    spent: string;
    spendCap: { limit: string; spent: string; resetsAt: string } | null;
    buckets: {
      kind: string;
      key: string;
      remaining: number;
      included: number;
      credits: string | null;
      renewsAt: string | null;
      nextRefillAt: string | null;
      resetsAt: string | null;
    }[];
  };
}

/** What the API says of an account at this moment; of a time range by the year, which holds all that the test did. */
function tell({ account, feature, token }: Made, quantity: number): Promise<Told> {
  const [from, to] = [new Date(Date.now() - 3_600_000).toISOString(), later(3_600)];
  return ask<Told>(
    server,
    token,
    `query ($id: ID!, $input: PreviewInput!, $from: DateTime!, $to: DateTime!) {
      preview(input: $input) { ${previewFields} }
      account(id: $id) {
        balance { available held expiringSoon nextExpiryAt }
        spent(from: $from, to: $to)
        spendCap { limit spent resetsAt }
        buckets(userId: "ada") { kind key remaining included credits renewsAt nextRefillAt resetsAt }
      }
    }`,
    { id: account, from, to, input: { accountId: account, userId: "ada", feature, quantity } },
  );
}

const number = (value: string | number) => {
  const fraction = String(value).split(".")[1] ?? "";
  return new Intl.NumberFormat("en-US", { minimumFractionDigits: fraction ? Math.max(2, fraction.length) : 0, maximumFractionDigits: 6 }).format(
    value as number,
  );
};

/** Each figure of the page by its name, and each moment as the API writes it. */
function shown({ page }: Watched, within: string) {
  return page.locator(within).evaluate((part) => ({
    figures: Object.fromEntries([...part.querySelectorAll("[data-figure]")].map((one) => [one.getAttribute("data-figure"), one.textContent])),
    text: part.textContent,
    times: [...part.querySelectorAll("time")].map((one) => one.getAttribute("datetime")),
  }));
}

const moments = (...all: (string | null)[]) => all.filter((at) => at !== null).sort();

async function compareOverview(visitor: Watched, state: State, made: Made): Promise<void> {
  const { page } = visitor;
  const row = `[data-feature="${made.feature}"]`;
  await page.locator(row).waitFor();
  await settled(visitor);
  const { preview, account } = await tell(made, 1);
  const band = await shown(visitor, 'section[aria-label="Credits"]');
  expect(band.figures).toEqual({
    balance: number(account.balance.available),
    spent: number(account.spent),
    expiring: number(account.balance.expiringSoon),
    ...(account.spendCap && { capSpent: number(account.spendCap.spent) }),
  });
  if (Number(account.balance.held) > 0) expect(band.text).toContain(`and ${number(account.balance.held)} on hold`);
  expect(band.times.sort()).toEqual(moments(account.balance.nextExpiryAt, account.spendCap?.resetsAt ?? null));

  const headline = await page.locator(`${row} [data-headline]`).innerText();
  if (state.says) expect(headline).toBe(state.says);
  if (preview.status === "ALLOWED" && preview.included > 0) expect(headline).toContain(`${number(preview.included)} included message`);
  if (preview.status === "ALLOWED" && preview.included === 0) expect(headline).toContain(`≈ ${number(preview.oneByOne)} message`);
  expect(headline.includes("then")).toBe(preview.status === "ALLOWED" && preview.included > 0 && preview.oneByOne > preview.included);
  // The row is a button that opens into the stair; the only one of a plan is open.
  const source = page.locator(`${row} [data-source]`);
  if (preview.status === "ALLOWED") {
    const text = await source.innerText();
    expect(text.includes("for the next one")).toBe(preview.charged !== "0");
    if (preview.charged !== "0") expect(text).toContain(`${number(preview.charged)} credits`);
  } else expect(await source.count()).toBe(0);
  if (state.suspended) expect((await shown(visitor, row)).times).toEqual([]);
  else if (preview.retryAt) expect((await shown(visitor, `${row} [data-back]`)).times).toEqual([preview.retryAt]);

  for (const bucket of account.buckets) {
    const vessel = `${row} [data-bucket="${bucket.key}"]`;
    if ((await page.locator(vessel).getAttribute("data-state")) === "none") {
      expect([bucket.remaining, Number(bucket.credits ?? 0)]).toEqual([0, 0]);
      continue;
    }
    const { figures, times, text } = await shown(visitor, vessel);
    const expected: Record<string, string> = {};
    if (bucket.credits === null) expected.remaining = number(bucket.remaining);
    else {
      if (figures.included !== undefined) expected.included = number(bucket.included);
      if (figures.credits !== undefined) expected.credits = number(bucket.credits);
      expect(bucket.included > 0).toBe(figures.included !== undefined && figures.included !== "0");
      expect(Number(bucket.credits) > 0).toBe(figures.credits !== undefined && figures.credits !== "0");
      if (bucket.remaining > bucket.included) expect(text).toContain(`≈ ${number(bucket.remaining - bucket.included)} message`);
    }
    expect(figures).toEqual(expected);
    const next = bucket.nextRefillAt === bucket.resetsAt ? null : bucket.nextRefillAt;
    expect(times.sort()).toEqual(state.suspended ? [] : moments(next, bucket.resetsAt, bucket.renewsAt));
  }
}

async function compareCheck(visitor: Watched, state: State, made: Made): Promise<void> {
  const { page } = visitor;
  await follow(visitor, `/check?n=${state.check}`);
  const answer = page.getByRole("region", { name: "The answer" });
  await answer.waitFor();
  const { preview } = await tell(made, state.check);
  const { figures, times, text } = await shown(visitor, 'section[aria-label="The answer"]');
  const units = (count: number) => `${number(count)} ${count === 1 ? "message" : "messages"}`;
  const credits = ({ charged }: Preview) => (charged === "0" ? "no credits" : `${number(charged)} ${charged === "1" ? "credit" : "credits"}`);
  expect(figures.maxQuantity).toBe(units(preview.maxQuantity));
  expect(figures.oneByOne).toBe(preview.oneByOne === preview.maxQuantity ? undefined : units(preview.oneByOne));
  expect(figures.charged).toBe(preview.status === "DENIED" ? undefined : credits(preview));
  expect(times).toEqual(moments(preview.retryAt));
  const verdict = await answer.getByRole("status").locator("p").first().innerText();
  if (state.checks) expect(verdict).toBe(state.checks);
  expect(verdict === "Yes").toBe(preview.status === "ALLOWED");
  expect(verdict === "Yes, but not at once").toBe(preview.status === "DENIED" && state.check <= preview.oneByOne);
  if (verdict !== "Yes, but not at once") expect(text).toContain(preview.explanation);
  else expect(text).toContain(`${number(state.check)} one after the other: yes`);
}

const made: Made[] = [];
let visitor: Watched;

beforeAll(async () => {
  visitor = await visit(browser);
  for (let index = 0; index < states.length; index += 4) {
    made.push(...(await Promise.all(states.slice(index, index + 4).map((state, place) => make(state, index + place)))));
  }
  await passed(lastLapse);
});

/**
 * One page for all of the accounts, each signed in by a link in place of the one before. So none may be shown
 * anything that was kept of another, and the page is loaded once.
 */
async function signInAs({ account, token }: Made): Promise<void> {
  if (visitor.page.url() === "about:blank") return signIn(visitor, server.url, token);
  await openLink(visitor, token);
  await visitor.page.getByRole("button", { name: `Sign in as ada, account ${account}`, exact: true }).click();
  return follow(visitor, "/");
}

test.each(states.map((state, index) => ({ ...state, index })))("Overview and Check show what the API answers: $name", async (state) => {
  const account = made[state.index]!;
  visitor.faults.length = 0;
  await signInAs(account);
  await compareOverview(visitor, state, account);
  await compareCheck(visitor, state, account);
  expectClean(visitor);
});

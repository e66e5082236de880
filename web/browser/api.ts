import { createHmac, randomBytes } from "node:crypto";
import type { Running } from "./server.ts";

export interface Claims {
  sub: string;
  roles: ("user" | "admin" | "service")[];
  account?: string;
  /** Seconds that the token holds. */
  ttl?: number;
  /** Seconds since it was made. */
  age?: number;
}

/** A token as the server's own would be, signed with the tests' secret. */
export function sign({ secret }: Running, { sub, roles, account, ttl = 3600, age = 0 }: Claims): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${part({ alg: "HS256", typ: "JWT" })}.${part({ sub, roles, account, iss: "spillway", aud: "spillway", iat: now - age, exp: now + ttl })}`;
  return `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
}

/** Asks the API over HTTP and answers with the data; a fault fails the test that asked. */
export async function ask<T>(server: Running, token: string, query: string, variables: object): Promise<T> {
  const answer = await fetch(`${server.url}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data?: T; errors?: { message: string }[] };
  if (errors?.length || !data)
    throw new Error(`${query.trim().split("\n")[0]}: ${errors?.map(({ message }) => message).join("; ") ?? answer.status}`);
  return data;
}

/** An account of the test's own, on a plan and a feature of its own, untouched by the demo's traffic. */
export interface World {
  server: Running;
  account: string;
  name: string;
  plan: string;
  feature: string;
  featureName: string;
  user: string;
  admin: string;
  service: string;
}

export interface WorldOptions {
  /** Messages an hour before credits are drawn. */
  limit?: number;
  credits?: string;
  /** For pictures; a test's own are as unique as its keys. */
  names?: { account?: string; feature?: string; plan?: string; admin?: string };
}

/** Makes a feature at half a credit a message, a plan of three an hour and then credits, and an account on it. */
export async function makeWorld(server: Running, { limit = 3, credits = "20", names = {} }: WorldOptions = {}): Promise<World> {
  const mark = randomBytes(4).toString("hex");
  const [account, plan, feature] = [`acct-${mark}`, `plan-${mark}`, `chat-${mark}`];
  const world: World = {
    server,
    account,
    name: names.account ?? `Account ${mark}`,
    plan,
    feature,
    featureName: names.feature ?? `Chat ${mark}`,
    user: sign(server, { sub: "ada", roles: ["user"], account }),
    admin: sign(server, { sub: names.admin ?? `admin-${mark}`, roles: ["admin"] }),
    service: sign(server, { sub: `service-${mark}`, roles: ["service"] }),
  };
  const reason = "browser test";
  await ask(
    server,
    world.admin,
    "mutation ($input: FeatureInput!, $reason: String!) { upsertFeature(input: $input, reason: $reason) { key } }",
    {
      input: { key: feature, name: world.featureName, unit: "message", divisible: true },
      reason,
    },
  );
  await ask(
    server,
    world.admin,
    'mutation ($feature: String!, $reason: String!) { setPrice(feature: $feature, credits: "0.5", reason: $reason) { key } }',
    { feature, reason },
  );
  await ask(
    server,
    world.admin,
    "mutation ($input: PlanInput!, $reason: String!) { publishPlan(input: $input, reason: $reason) { version } }",
    {
      input: {
        key: plan,
        name: names.plan ?? `Plan ${mark}`,
        features: [
          {
            feature,
            waterfall: [
              { kind: "RATE_LIMIT", key: "hourly", scope: "USER", windows: [{ limit, duration: "PT1H" }] },
              { kind: "PROMOTION", key: "promotion", scope: "ACCOUNT" },
              { kind: "CREDIT", key: "credits", scope: "ACCOUNT" },
            ],
          },
        ],
      },
      reason,
    },
  );
  await ask(server, world.admin, "mutation ($input: CreateAccountInput!) { createAccount(input: $input) { id } }", {
    input: { id: account, name: world.name, plan, reason },
  });
  if (credits !== "0") await give(world, { amount: credits });
  return world;
}

export interface Gift {
  amount: string;
  kind?: "CREDIT" | "PROMOTION" | "ENTITLEMENT";
  note?: string;
  priority?: number;
  effectiveAt?: string;
  expiresAt?: string;
}

/** Gives the world's account a grant, and answers with its id. */
export async function give({ server, admin, account }: World, gift: Gift): Promise<string> {
  const input = { accountId: account, kind: "CREDIT", note: "For the test", ...gift, idempotencyKey: newKey(), reason: "browser test" };
  const { createGrant } = await ask<{ createGrant: { id: string } }>(
    server,
    admin,
    "mutation ($input: GrantInput!) { createGrant(input: $input) { id } }",
    { input },
  );
  return createGrant.id;
}

/** Waits until a moment has gone by, by the clock that the server goes by too. */
export async function passed(moment: string): Promise<void> {
  const left = Date.parse(moment) - Date.now();
  if (left >= 0) await new Promise((done) => setTimeout(done, left + 5));
}

function newKey(): string {
  return randomBytes(8).toString("hex");
}

export interface Answer {
  id: string;
  status: string;
  granted: number;
}

/** Another client asks, as a product service does. */
export async function authorize(
  { server, service, account, feature }: World,
  quantity = 1,
  more: { holdFor?: string; idempotencyKey?: string } = {},
): Promise<Answer> {
  const { authorize: answer } = await ask<{ authorize: Answer }>(
    server,
    service,
    "mutation ($input: AuthorizeInput!) { authorize(input: $input) { id status granted } }",
    {
      input: {
        accountId: account,
        userId: "ada",
        feature,
        quantity,
        idempotencyKey: newKey(),
        metadata: { model: "test-model" },
        ...more,
      },
    },
  );
  return answer;
}

/** Ends a hold with what was used, as a product service does. */
export async function settle({ server, service, account }: World, decisionId: string, quantity: number): Promise<void> {
  await ask(server, service, "mutation ($input: SettleInput!) { settle(input: $input) { status } }", {
    input: { accountId: account, decisionId, quantity, idempotencyKey: newKey() },
  });
}

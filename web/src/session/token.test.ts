import { expect, it } from "vitest";
import { endingOf, isSamePerson, readClaims, tokenIn, warnAt } from "./token";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = `${encode({ alg: "HS256" })}.${encode({ sub: "zoë", exp: 2_000_000_000 })}.c2ln`;

const tokenOf = (claims: object) => `${encode({ alg: "HS256" })}.${encode(claims)}.c2ln`;

it("reads whom a token names and until when it holds, in milliseconds", () => {
  expect(readClaims(token)).toMatchObject({ issuedAt: null, expiresAt: 2_000_000_000_000, name: "zoë" });
  expect(readClaims(tokenOf({ sub: "ada", account: "acme", roles: ["user"], iat: 1, exp: 2 }))).toMatchObject({
    issuedAt: 1_000,
    expiresAt: 2_000,
    name: "ada, account acme",
  });
  expect(readClaims(tokenOf({ sub: "root", roles: ["admin"] }))!.name).toBe("root, admin");
});

it("knows a newer token of the same person from another person's", () => {
  const ada = { sub: "ada", account: "acme", roles: ["user", "admin"], exp: 1 };
  const is = (other: object) => isSamePerson(tokenOf(ada), tokenOf(other));
  expect(is({ ...ada, exp: 9, iat: 3, roles: ["admin", "user"] })).toBe(true);
  expect([is({ ...ada, sub: "zoë" }), is({ ...ada, account: "other" }), is({ ...ada, roles: ["user"] })]).toEqual([false, false, false]);
  expect(isSamePerson("no token", "no token")).toBe(false);
});

it.each([
  [0, 3_600_000, 3_300_000],
  [0, 900_000, 600_000],
  [0, 60_000, 30_000],
  [null, 900_000, 600_000],
  [0, null, null],
])("of a token from %s to %s the warning comes at %s", (issuedAt, expiresAt, at) => {
  expect(warnAt({ issuedAt, expiresAt })).toBe(at);
});

it.each(["", "a.b", "a.b.c", `${encode({})}.${Buffer.from("[1").toString("base64url")}.x`])("%j is no token", (text) => {
  expect(readClaims(text)).toBeNull();
});

it.each([
  [2_000_000_000_000, "expired"],
  [2_000_000_100_000, "expired"],
  [1_999_999_980_000, "expired"],
  [1_999_999_000_000, "refused"],
])("tells at %i why a token is not taken: %s", (now, ending) => {
  expect(endingOf(token, now)).toBe(ending);
});

it.each(["#token=%zz", "#token=a.b.c", "no token at all"])("finds none in %j", (text) => {
  expect(tokenIn(text)).toBeNull();
});

it.each([
  ["as it is", token],
  ["with spaces around", `  ${token}\n`],
  ["as a header", `Bearer ${token}`],
  ["as a sign-in link", `http://127.0.0.1:8080/#token=${token}`],
  ["as a link with more", `https://example.org/history?x=1#a=b&token=${token}&c=d`],
])("finds a token pasted %s", (_, text) => {
  expect(tokenIn(text)).toBe(token);
});

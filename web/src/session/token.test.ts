import { expect, it } from "vitest";
import { endingOf, readClaims, tokenIn } from "./token";

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const token = `${encode({ alg: "HS256" })}.${encode({ sub: "zoë", exp: 2_000_000_000 })}.c2ln`;

it("reads until when a token holds, in milliseconds", () => {
  expect(readClaims(token)).toEqual({ expiresAt: 2_000_000_000_000 });
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

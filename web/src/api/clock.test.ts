import { beforeEach, expect, it, vi } from "vitest";
import { fetchWithClock, forgetServerTime, learnServerTime, serverNow } from "./clock";

const now = Date.parse("2026-11-30T12:00:00Z");

beforeEach(() => {
  vi.useFakeTimers({ now });
  forgetServerTime();
  return () => void vi.useRealTimers();
});

it("goes by the reader's clock until an answer told its time", () => {
  expect(serverNow()).toBe(now);
});

it("believes the answer with the shortest way, and no answer without a time", () => {
  learnServerTime(now + 600_000, now - 200, now);
  expect(serverNow()).toBe(now + 600_100);
  learnServerTime(now + 900_000, now - 3_000, now);
  learnServerTime(Number.NaN, now, now);
  expect(serverNow()).toBe(now + 600_100);
  learnServerTime(now + 600_000, now - 20, now);
  expect(serverNow()).toBe(now + 600_010);
});

it("learns from an answer's date, in the middle of its second, and prefers what is told exactly", async () => {
  vi.stubGlobal("fetch", async () => new Response("{}", { headers: { date: new Date(now - 600_000).toUTCString() } }));
  await fetchWithClock("/graphql");
  vi.unstubAllGlobals();
  expect(serverNow()).toBe(now - 599_500);
  learnServerTime(now - 599_900, now - 100, now);
  expect(serverNow()).toBe(now - 599_850);
});

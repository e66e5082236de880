import { gql } from "@urql/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createApi } from "./client";

/** A socket that never opens: what is tested here goes over HTTP. */
class SilentSocket {
  static readonly OPEN = 1;
  close(): void {}
}

const answers: Record<string, object> = {
  "Bearer ended": { data: { viewer: null }, errors: [{ message: "a valid token is needed", extensions: { code: "UNAUTHENTICATED" } }] },
  "Bearer taken": { data: { viewer: { userId: "ada" } } },
};

beforeEach(() => {
  vi.stubGlobal("WebSocket", SilentSocket);
  vi.stubGlobal("location", { protocol: "http:", host: "localhost" });
  vi.stubGlobal("fetch", (_: string, { headers }: { headers: Record<string, string> }) => Promise.resolve(Response.json(answers[headers.authorization!])));
});
afterEach(() => vi.unstubAllGlobals());

it("never takes the refusal of an earlier token for one of the token that came after it", async () => {
  const refused: string[] = [];
  const api = createApi("ended", (token) => refused.push(token));
  const seen: unknown[] = [];
  const ask = () =>
    api.client.query(gql`{ viewer { userId } }`, {}, { requestPolicy: "cache-and-network" }).subscribe(({ data, error, stale }) => {
      if (!stale) seen.push(error ? "refused" : data);
    });
  const first = ask();
  await vi.waitFor(() => expect(seen).toEqual(["refused"]));
  first.unsubscribe();
  expect(refused).toEqual(["ended"]);

  api.renew("taken");
  const second = ask();
  await vi.waitFor(() => expect(seen).toEqual(["refused", { viewer: { userId: "ada" } }]));
  second.unsubscribe();
  expect(refused).toEqual(["ended"]);
  api.dispose();
});

import { expect, it } from "vitest";
import { ConnectionStore } from "./connection";

it("counts a return only after a loss, and stays lost until the connection is back", () => {
  const store = new ConnectionStore();
  const seen = [store.current()].map(({ state, returns }) => `${state}/${returns}`);
  const forget = store.subscribe(() => seen.push(`${store.current().state}/${store.current().returns}`));
  store.connecting();
  store.connected();
  store.closed();
  store.connecting();
  store.closed();
  store.connecting();
  store.connected();
  expect(seen).toEqual(["connecting/0", "live/0", "lost/0", "live/1"]);
  forget();
  store.closed();
  expect(seen).toHaveLength(4);
});

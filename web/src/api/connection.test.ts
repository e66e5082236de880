import { expect, it } from "vitest";
import { ConnectionStore } from "./connection";

it("counts a return only after a loss", () => {
  const store = new ConnectionStore();
  const seen: string[] = [];
  store.subscribe(() => seen.push(`${store.current().state}/${store.current().returns}`));
  store.connecting();
  store.connected();
  store.closed(false);
  store.connecting();
  store.connecting();
  store.connected();
  store.closed(true);
  store.connecting();
  store.connected();
  expect(seen).toEqual(["connecting/0", "live/0", "lost/0", "live/1", "idle/1", "connecting/1", "live/1"]);
});

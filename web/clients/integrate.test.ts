import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, inject, test } from "vitest";
import ts from "typescript";
import { makeWorld } from "../browser/api.ts";
import { CuttingProxy } from "./proxy.ts";

/** The code on the page for integrators, as its readers copy it. */
const code = /\n```ts\n([\s\S]*?)\n```\n/.exec(readFileSync(resolve(import.meta.dirname, "../../graph/INTEGRATE.md"), "utf8"))![1]!;
const dir = mkdtempSync(join(tmpdir(), "spillway-integrate-"));
afterAll(() => rmSync(dir, { recursive: true }));

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
  types: [],
  strict: true,
  skipLibCheck: true,
  noUncheckedIndexedAccess: true,
};

test("the code for integrators has no type faults", () => {
  const file = join(dir, "spillway.ts");
  writeFileSync(file, code);
  const faults = ts.getPreEmitDiagnostics(ts.createProgram([file], { ...options, noEmit: true }));
  expect(faults.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))).toEqual([]);
});

test("the code for integrators comes through to one answer, though answers are lost", async () => {
  const file = join(dir, "spillway.mjs");
  writeFileSync(file, ts.transpile(code, options));
  const { authorize, Fault } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    authorize: (request: object, options: object) => Promise<object>;
    Fault: new () => Error & { extensions: { code: string } };
  };
  const server = inject("server");
  const { account, feature, service } = await makeWorld(server, { limit: 3, credits: "0" });
  const proxy = await CuttingProxy.to(server.url);
  proxy.losesAnswers = true;
  const ask = (quantity: number) =>
    authorize(
      { accountId: account, userId: "ada", feature, quantity, idempotencyKey: `request-${quantity}` },
      { url: `${proxy.url}/graphql`, token: () => service, patience: 10_000 },
    );
  expect(await ask(3)).toMatchObject({ status: "ALLOWED", granted: 3, charged: "0", retryAt: null });
  expect(await ask(2)).toMatchObject({ status: "DENIED", granted: 0 });
  expect(await ask(3)).toMatchObject({ status: "ALLOWED", granted: 3 });
  const fault = await ask(0).catch((error: unknown) => error);
  expect(fault).toBeInstanceOf(Fault);
  expect((fault as InstanceType<typeof Fault>).extensions.code).toBe("BAD_USER_INPUT");
  await proxy.close();
});

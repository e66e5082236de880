import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** A server that runs, as the tests reach it. Plain data: it crosses to the test workers. */
export interface Running {
  url: string;
  secret: string;
  /** An account with demo data and demo traffic. */
  userAccount: string;
}

const readyWithinMs = 80_000;

/** `spillway dev` on a fresh directory and a free port, with a secret that the tests sign their own tokens with. */
export async function startServer(): Promise<{ running: Running; stop: () => Promise<void> }> {
  const program = resolve(process.env.SPILLWAY_BIN ?? join(import.meta.dirname, "../../bin/spillway"));
  if (!existsSync(program)) throw new Error(`${program} is missing: run "make build" in the project's root first`);
  const dir = mkdtempSync(join(tmpdir(), "spillway-browser-"));
  const secret = randomBytes(32).toString("hex");
  // The watch for anomalies looks often and is quickly alarmed by conflicts, so that a test can wait for it.
  const watch = { SPILLWAY_ANOMALY_EVERY: "1s", SPILLWAY_ANOMALY_CONFLICTS: "3" };
  const child = spawn(program, ["dev", "--dir", dir, "--listen", "127.0.0.1:0"], {
    env: { ...process.env, SPILLWAY_JWT_SECRET: secret, ...watch },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stop = () => end(child, dir);
  try {
    const said = await ready(child);
    return { running: { url: /^ready (http:\S+)$/m.exec(said)![1]!, secret, userAccount: demoAccount(said) }, stop };
  } catch (fault) {
    await stop();
    throw fault;
  }
}

/** The account of the first sign-in link that names one: the demo's own user. */
function demoAccount(said: string): string {
  for (const [, payload] of said.matchAll(/#token=[\w-]+\.([\w-]+)\./g)) {
    const { account } = JSON.parse(Buffer.from(payload!, "base64url").toString()) as { account?: string };
    if (account) return account;
  }
  throw new Error(`no sign-in link of a user was printed:\n${said}`);
}

/** What the server said, up to the line "ready http://…". */
function ready(child: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let said = "";
    const timer = setTimeout(
      () => failed(new Error(`the server was not ready within ${readyWithinMs / 1000} s; it said:\n${said}`)),
      readyWithinMs,
    );
    const listen = (chunk: Buffer) => {
      said += chunk.toString();
      if (!/^ready http:\S+$/m.test(said)) return;
      clearTimeout(timer);
      found(said);
    };
    child.stdout?.on("data", listen);
    child.stderr?.on("data", listen);
    child.once("exit", (code) => {
      clearTimeout(timer);
      failed(new Error(`the server ended with ${code}; it said:\n${said}`));
    });
  });
}

/** Ends the server as Ctrl-C does, and takes its data away. */
async function end(child: ChildProcess, dir: string): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise<void>((done) => child.once("exit", () => done()));
    child.kill("SIGINT");
    const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(timer);
  }
  rmSync(dir, { recursive: true, force: true });
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startServer, type Running } from "./server.ts";

declare module "vitest" {
  interface ProvidedContext {
    server: Running;
  }
}

/** Starts the server once for all files, and stops it after the last. */
export default async function setup(project: TestProject) {
  const { running, stop } = await startServer();
  project.provide("server", running);
  // A browser ends with its worker and cannot take its profile away itself: the workers keep theirs in here.
  const profiles = mkdtempSync(join(tmpdir(), "spillway-profiles-"));
  process.env.TMPDIR = profiles;
  return async () => {
    await stop();
    rmSync(profiles, { recursive: true, force: true, maxRetries: 10 });
  };
}

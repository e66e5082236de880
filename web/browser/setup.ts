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
  return stop;
}

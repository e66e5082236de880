import { defineConfig } from "vitest/config";

/**
 * The built portal in a real browser, against a real server with real stores. One server serves all files, two at a
 * time: a test looks at an account, plan and feature of its own, and counts nothing that others add to.
 */
export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    globalSetup: "./setup.ts",
    maxWorkers: 2,
    // The files of a worker share its browser.
    isolate: false,
    expect: { poll: { timeout: 20_000 } },
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});

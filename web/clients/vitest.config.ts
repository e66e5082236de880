import { defineConfig } from "vitest/config";

/** The clients that integrators use, as npm has them, against a real server with real stores. */
export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    include: ["*.test.ts"],
    globalSetup: "../browser/setup.ts",
    fileParallelism: false,
    testTimeout: 30_000,
    hookTimeout: 90_000,
  },
});

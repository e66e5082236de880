import { defineConfig } from "vitest/config";

/** Writes web/screenshots/*.png. */
export default defineConfig({
  cacheDir: "../node_modules/.vite",
  test: {
    root: import.meta.dirname,
    include: ["screenshots.ts"],
    globalSetup: "./setup.ts",
    testTimeout: 120_000,
    hookTimeout: 90_000,
  },
});

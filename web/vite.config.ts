import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { themeCss } from "./scripts/theme-css.ts";

const server = process.env.SPILLWAY_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), themeCss()],
  build: {
    manifest: "manifest.json",
    // Nothing is inlined: the Content-Security-Policy allows scripts and styles from files alone.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2023",
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/graphql": { target: server, ws: true } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});

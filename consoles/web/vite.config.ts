// Builds one page per console into dist/. Nothing is inlined, so the hub can serve it under a strict content policy.
import { defineConfig } from "vitest/config";

const PAGES = ["index", "login", "wall", "desk", "admin", "cameras", "vehicles", "mobile", "leader", "rehearsal", "design"];
const HUB = process.env["TRIUNE_HUB"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  appType: "mpa",
  build: {
    outDir: "dist",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: Object.fromEntries(PAGES.map((page) => [page, `${page}.html`])) },
  },
  server: { proxy: { "/api": { target: HUB, ws: true } } },
  test: { include: ["tests/**/*.test.ts"] },
});

// Builds one page per console into dist/. Nothing is inlined, so the hub can serve it under a strict content policy.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const PAGES = ["index", "login", "wall", "desk", "admin", "cameras", "vehicles", "mobile", "leader", "rehearsal", "design"];
const HUB = process.env["TRIUNE_HUB"] ?? "http://127.0.0.1:8080";

/** What stands in every page until its scripts are there, and the script that loads it anew where one did not come: in the browser's cache before a hub is away. */
function starting(): Plugin {
  const read = (name: string): string => readFileSync(new URL(`src/starting/${name}`, import.meta.url), "utf8");
  const source = read("again.js");
  const fileName = `assets/starting-${createHash("sha256").update(source).digest("hex").slice(0, 8)}.js`;
  return {
    name: "starting",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName, source });
    },
    transformIndexHtml(page) {
      return {
        html: page.replace("<body></body>", () => `<body>${read("words.html")}</body>`),
        // First, waits for no other, and none for it.
        tags: [{ tag: "script", attrs: { async: true, src: `/${fileName}` }, injectTo: "head-prepend" }],
      };
    },
  };
}

export default defineConfig({
  appType: "mpa",
  plugins: [starting()],
  build: {
    outDir: "dist",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: Object.fromEntries(PAGES.map((page) => [page, `${page}.html`])) },
  },
  server: { proxy: { "/api": { target: HUB, ws: true } } },
  // Nobody is measured by it: a machine that stands still for seconds, or has more to do, fails no test.
  test: { include: ["tests/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
});

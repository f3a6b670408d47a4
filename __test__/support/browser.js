/** A real browser: Debian's Chromium, or what else is one. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const DEADLINE_MS = 60_000;

/** What an async function, which sees nothing but its arguments, returns in a page of `http://localhost:<port>`. */
export async function runInBrowser(port, run, ...args) {
  const browser = NAMES.find((name) => spawnSync(name, ["--version"]).status === 0);
  assert.ok(browser, "this test needs a Chromium: install Debian's package `chromium`");
  const result = `await (${run})(${args.map((one) => JSON.stringify(one))})`;
  const script = `await fetch("/result", { method: "POST", body: JSON.stringify(${result}) });`;
  const page = createServer().listen(port, "127.0.0.1");
  await once(page, "listening");
  const returned = new Promise((resolve) => {
    page.on("request", async (request, response) => {
      if (request.url === "/result") resolve(JSON.parse(await text(request)));
      response.setHeader("Content-Type", "text/html").end(`<script type="module">${script}</script>`);
    });
  });
  const profile = mkdtempSync(path.join(tmpdir(), "mcp-native-auth-browser-"));
  // No sandbox: it does not start for root, and the only page is ours. The pipe ends it together with this process.
  const flags = ["--headless", "--no-sandbox", `--user-data-dir=${profile}`, "--remote-debugging-pipe"];
  const child = spawn(browser, [...flags, `http://localhost:${port}/`], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  try {
    return await Promise.race([
      returned,
      exited.then(([code]) => assert.fail(`${browser} ended with ${code} before the page had run`)),
      wait(DEADLINE_MS, undefined, { ref: false }).then(() => assert.fail("the page did not run to its end")),
    ]);
  } finally {
    child.kill();
    await exited;
    page.close().closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

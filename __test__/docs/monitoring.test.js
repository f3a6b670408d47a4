/** The examples of docs/monitoring.md, run as they stand there. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { REASONS } from "../../lib/core/reasons.js";
import { checkout } from "../support/project.js";

const page = readFileSync(path.join(checkout, "docs/monitoring.md"), "utf8");

/** What the first such block below a heading prints, line by line. */
function printed(heading) {
  const section = page.slice(page.indexOf(`\n${heading}\n`));
  const [, code] = /\n```js in monitoring\n(.*?)\n```\n/s.exec(section);
  const args = ["--input-type=module", "--eval", code];
  const child = spawnSync(process.execPath, args, { cwd: checkout, encoding: "utf8" });
  assert.deepEqual([child.status, child.stderr], [0, ""]);
  return child.stdout.trimEnd().split("\n");
}

describe("examples", () => {
  it("pino logs accepted and rejected requests, with the reason", () => {
    const lines = printed("### pino").map((line) => JSON.parse(line));
    const decision = {
      provider: "APIKeyAuthProvider",
      remoteAddress: "203.0.113.9",
      limiterError: false,
    };
    assert.deepEqual(
      lines.map(({ time, pid, hostname, ...line }) => line),
      [
        { level: 30, ...decision, msg: "accepted" },
        { level: 40, reason: "KEY_UNKNOWN", ...decision, msg: "rejected" },
      ],
    );
  });

  it("OpenTelemetry counts decisions by outcome and reason", () => {
    const output = printed("### OpenTelemetry metrics").join("\n");
    assert.match(output, /name: 'mcp\.auth\.decisions'/);
    const points = [...output.matchAll(/attributes: \{([^}]*)\},[^}]*?value: (\d+)/g)];
    assert.deepEqual(
      points.map(([, attributes, value]) => [attributes.replace(/\s+/g, " ").trim(), value]),
      [
        ["provider: 'APIKeyAuthProvider', outcome: 'accepted'", "1"],
        ["provider: 'APIKeyAuthProvider', outcome: 'rejected', reason: 'KEY_UNKNOWN'", "2"],
      ],
    );
  });

  it("the page lists the reasons that count as failures", () => {
    const [, list] = /^- \*\*Failures\*\* are (.*?)\. Requests/ms.exec(page);
    const listed = [...list.matchAll(/`([A-Z_]+)`/g)].map(([, reason]) => reason);
    const documented = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, reason]) => reason);
    // That of a provider of others depends on the request, which the page says next.
    const counted = documented.filter((reason) => REASONS[reason].counted && reason !== "PROVIDER_REJECTED");
    assert.deepEqual(listed.sort(), counted.sort());
  });

  it("a throttle answers ten failures by 401, then by 429", () => {
    const expected = Array.from({ length: 12 }, (_, n) => `${n + 1} ${n < 10 ? 401 : 429}`);
    assert.deepEqual(printed("## Throttling"), expected);
  });
});

/**
 * The audit of real stacks: with the authorization that comes with them, and with ours. The verdicts were checked by hand
 * once. To write them after a change of a stack, set AUDIT_WRITE=1, and check them again.
 */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { freePort } from "../support/free-port.js";
import { checkout } from "../support/project.js";
import { runAudit } from "../support/run-audit.js";

/** What fails although the authorization is ours, and why it is not ours to answer. */
const NOT_OURS = {
  "ours-fastmcp": ["H7"],
  // Without the guard: the framework answers before its provider is asked, or by itself.
  "ours-mcp-framework": ["D5", "C3", "C16", "C17", "B4", "H1", "H5", "T1"],
};
const WITHOUT_TOOL = ["fastmcp", "mcp-framework", "sdk-v1", "sdk-v2", ...Object.keys(NOT_OURS)];
const STACKS = [
  ...WITHOUT_TOOL,
  "ours-sdk-v1",
  "ours-sdk-v2-node",
  "ours-sdk-v2-web",
  "ours-hono",
  "ours-fastify",
  "ours-mcp-framework-guarded",
];

/** Columns of the table in the documentation. */
const TABLE = {
  "ours-sdk-v1": "SDK v1, Express",
  "ours-sdk-v2-node": "SDK v2, node:http",
  "ours-sdk-v2-web": "SDK v2, fetch",
  "ours-hono": "Hono",
  "ours-fastify": "Fastify",
  "ours-fastmcp": "fastmcp",
  "ours-mcp-framework-guarded": "mcp-framework, guarded",
  "ours-mcp-framework": "mcp-framework, provider alone",
};
const MARKS = { pass: "pass", fail: "**fail**", "not checked": "–" };
const PAGE = path.join(checkout, "docs/audit.md");
const WRITTEN = /(?<=<!-- audit:begin -->\n)[\s\S]*(?=\n<!-- audit:end -->)/;

const fileOf = (stack) => path.join(import.meta.dirname, "audit-expected", `${stack}.json`);
const expectedOf = (stack) => JSON.parse(readFileSync(fileOf(stack), "utf8"));

function table() {
  const stacks = Object.keys(TABLE);
  const verdicts = stacks.map(expectedOf);
  const rows = Object.keys(verdicts[0]).map(
    (id) => `| ${[id, ...verdicts.map((each) => MARKS[each[id]])].join(" | ")} |`,
  );
  return [`| | ${Object.values(TABLE).join(" | ")} |`, `|---|${"---|".repeat(stacks.length)}`, ...rows].join(
    "\n",
  );
}

/** Seconds pass until others accept a new key, or more than a minute: rows K are for ours alone. */
const rowsFor = (stack) => (stack.startsWith("ours-") ? "D,C,B,H,T,K" : "D,C,B,H,T");

describe("the audit of a stack", { concurrency: 5 }, () => {
  for (const stack of STACKS) {
    it(stack, async () => {
      const port = await freePort();
      const tool = WITHOUT_TOOL.includes(stack) ? [] : ["--tool", "write_file"];
      const options = [
        "--issuer",
        "http://127.0.0.1:0",
        "--only",
        rowsFor(stack),
        "--timeout",
        "20",
        ...tool,
      ];
      const command = [
        process.execPath,
        path.join(checkout, "__test__/support/audited-stacks.js"),
        stack,
        port,
      ];
      const { stdout, stderr } = await runAudit(
        [`http://127.0.0.1:${port}/mcp`, ...options, "--json", "--", ...command.map(String)],
        { env: process.env },
      );
      assert.notEqual(stdout, "", stderr);
      const { rows, requests } = JSON.parse(stdout);
      // A machine without a network has no other address to try.
      const verdicts = Object.fromEntries(
        rows.filter(({ id }) => id !== "H2").map(({ id, verdict }) => [id, verdict]),
      );
      if (process.env.AUDIT_WRITE === "1") {
        writeFileSync(fileOf(stack), `${JSON.stringify(verdicts, undefined, 2)}\n`);
      }
      assert.deepEqual(verdicts, expectedOf(stack), stdout);
      assert.ok(requests <= 90);
      if (stack.startsWith("ours-")) {
        const failed = Object.keys(verdicts).filter((id) => verdicts[id] === "fail");
        assert.deepEqual(failed, NOT_OURS[stack] ?? []);
      }
    });
  }
});

describe("the documentation", () => {
  it("has the verdicts on servers with this package", () => {
    const page = readFileSync(PAGE, "utf8");
    if (process.env.AUDIT_WRITE === "1") {
      writeFileSync(PAGE, page.replace(WRITTEN, table()));
    }
    assert.equal(WRITTEN.exec(readFileSync(PAGE, "utf8"))?.[0], table());
  });
});

/**
 * Every row of the audit fails on a server that is wrong in this row alone, and none on one that is right: an audit
 * that cannot fail says nothing.
 */

import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { describe, it } from "node:test";
import { ROWS } from "../../lib/cli/audit/rows.js";
import { auditedServer } from "../support/audited-server.js";
import { freePort } from "../support/free-port.js";
import { runAudit } from "../support/run-audit.js";

const STATELESS = "2026-07-28";

/** What needs a command after `--`, and has a test of its own. */
const WITH_COMMAND = ["T17"];

const insteadOf = (text, replacement) => (rejection, why) => ({
  ...rejection,
  challenge: rejection.challenge?.replace(
    text,
    typeof replacement === "function" ? replacement(why) : replacement,
  ),
});
const onlyFor = (reason, change) => (rejection, why) => (why === reason ? change(rejection, why) : rejection);
const withStatus = (status) => (rejection) => ({ ...rejection, status });
let counter = 0;

/** @type {[row: string, defect: import("../support/audited-server.js").Defect, options?: object][]} */
const DEFECTS = [
  ["D1", { documents: [] }],
  ["D2", { metadata: (document) => ({ ...document, authorization_servers: undefined }) }],
  [
    "D2",
    { metadata: (document) => ({ ...document, authorization_servers: ["https://login.example/?a=b"] }) },
  ],
  ["D3", { rejection: onlyFor("none", insteadOf(/, resource_metadata="[^"]*"/, "")) }],
  [
    "D3",
    { rejection: insteadOf(/resource_metadata="http:\/\/[^/]*/, 'resource_metadata="https://audit.invalid') },
  ],
  ["D3", { rejection: insteadOf(/resource_metadata="http:\/\/[^/]*/, 'resource_metadata="') }],
  ["D4", { documents: ["/metadata.json"] }],
  ["D5", { documents: ["/.well-known/oauth-protected-resource"] }],
  [
    "D6",
    { metadata: (document) => ({ ...document, resource: document.resource.replace("/mcp", "/other") }) },
  ],
  ["D6", { metadata: (document) => ({ ...document, resource: `${document.resource}#a` }) }],
  ["D7", { contentType: "text/html" }],
  ["D7", { metadata: (document) => ({ ...document, jwks_uri: null }) }],
  [
    "D9",
    { metadata: (document) => ({ ...document, scopes_supported: ["mcp", "files:write", "offline_access"] }) },
  ],
  ["D10", { metadata: (document) => ({ ...document, resource: `${document.resource}/` }) }],
  ["D10", { metadata: (document) => ({ ...document, resource: document.resource.replace("http", "HTTP") }) }],
  [
    "D12",
    { resource: "https://mcp.example.com/mcp", rejection: insteadOf('"https:', '"http:') },
    { resource: "https://mcp.example.com/mcp" },
  ],
  ["C1", { rejection: onlyFor("none", withStatus(403)) }],
  ["C1", { rejection: onlyFor("invalid_token", withStatus(403)) }, { but: ["C14"] }],
  ["C2", { unchecked: ["scope"] }],
  ["C3", { rejection: onlyFor("invalid_request", withStatus(401)) }, { but: ["B4"] }],
  ["C4", { rejection: onlyFor("invalid_request", insteadOf(/.*/, "Bearer")) }],
  ["C4", { rejection: onlyFor("invalid_request", insteadOf(/.*/, "")) }],
  ["C5", { rejection: onlyFor("none", insteadOf("Bearer ", 'Bearer error="invalid_token", ')) }],
  [
    "C6",
    {
      rejection: onlyFor("invalid_token", insteadOf('error="invalid_token"', 'error="missing_auth_header"')),
    },
  ],
  ["C6", { rejection: onlyFor("invalid_token", insteadOf(/error="invalid_token", /, "")) }],
  ["C7", { rejection: insteadOf('scope="mcp"', 'scope="mcp", scope="mcp"') }],
  ["C8", { rejection: onlyFor("invalid_token", insteadOf("was rejected", 'is \\"bad\\"')) }],
  ["C8", { rejection: onlyFor("invalid_token", insteadOf("was rejected", 'is "bad"')) }],
  ["C9", { rejection: onlyFor("none", insteadOf(/scope="mcp", /, "")) }],
  ["C10", { rejection: onlyFor("insufficient_scope", insteadOf(/, resource_metadata="[^"]*"/, "")) }],
  ["C11", { rejection: onlyFor("insufficient_scope", insteadOf("mcp files:write", "mcp")) }],
  [
    "C13",
    {
      rejection: onlyFor(
        "none",
        insteadOf('scope="mcp"', () => `scope="mcp s${counter++}"`),
      ),
    },
  ],
  ["C14", { unchecked: ["expiry before scope"] }],
  ["C15", { rejection: insteadOf(/(Bearer .*), (ApiKey .*)/, "$2, $1") }],
  [
    "C16",
    {
      rejection: (rejection) => ({
        ...rejection,
        headers: { ...rejection.headers, "access-control-expose-headers": "ETag" },
      }),
    },
  ],
  ["C16", { rejection: onlyFor("preflight", withStatus(401)) }],
  ["C17", { credential: (req) => (req.headers.authorization?.startsWith("bearer ") ? "none" : undefined) }],
  ["B1", { audience: "https://audit.invalid/mcp" }],
  ["B2", { credential: (req) => new URL(req.url, "http://a").searchParams.get("access_token") ?? undefined }],
  [
    "B3",
    {
      admits: ({ req }) =>
        req.headers["mcp-session-id"] && !req.headers.authorization && req.method === "POST",
    },
  ],
  ["B4", { unchecked: ["two places"] }],
  [
    "B5",
    {
      credential: ({ headers: { authorization } }) =>
        /^Bearer eyJ.*[ ,]/.test(authorization) ? authorization.split(/[ ,]+/)[1] : undefined,
    },
  ],
  ["H1", { unchecked: ["origin"] }],
  ["H2", { host: "0.0.0.0" }],
  [
    "H3",
    {
      admits: ({ req, sessions }) =>
        req.headers.authorization &&
        sessions.has(req.headers["mcp-session-id"]) &&
        /audit-/.test(req.headers.authorization),
    },
  ],
  ["H4", { sessionId: () => `session-${counter++}` }],
  ["H5", { unchecked: ["principal"] }],
  ["H7", { statuses: { unknownSession: 400 } }],
  ["H7", { statuses: { noSession: 404 } }],
  ["H8", { statuses: { version: 200 } }],
  ["H9", { unchecked: ["mcp headers"] }, { revision: STATELESS }],
  ["H10", { statuses: { method: 200 } }, { revision: STATELESS }],
  ["H11", { listing: { cacheScope: "public" } }, { revision: STATELESS }],
  ["T1", { admits: ({ message, req }) => req.method === "POST" && message === undefined }],
  ["T1", { admits: ({ req }) => req.method === "GET", statuses: { get: 200 } }],
  ["T2", { unchecked: ["audience"] }, { but: ["T3"] }],
  ["T3", { unchecked: ["client_id"] }],
  ["T4", { unchecked: ["issuer"] }],
  ["T5", { unchecked: ["expiry"] }, { but: ["C14"] }],
  ["T6", { unchecked: ["typ"] }],
  ["T7", { unchecked: ["other kinds"] }],
  ["T9", { unchecked: ["signature"] }, { but: ["T13"] }],
  ["T9", { unchecked: ["none"] }],
  ["T9", { unchecked: ["HS256"] }],
  ["T11", { unchecked: ["crit"] }],
  ["T12", { unchecked: ["not before"] }],
  ["T13", { unchecked: ["form"] }],
  ["T15", { unchecked: ["own key"] }],
  ["K2", { unchecked: ["flood"] }],
  ["K3", { unchecked: ["strange keys"] }],
  ["K4", { unchecked: ["outage"] }],
];

/** Rows K take seconds, and judge nothing but how keys are fetched: `only` leaves them out where they are all right. */
async function auditOf(defect, { revision, resource, origin, only = "" } = {}) {
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const server = await auditedServer({ issuer, revision, defect });
  try {
    const args = [server.url, "--issuer", issuer, "--tool", "write_file", "--json"];
    const more = Object.entries({ resource, origin, only }).flatMap(([name, value]) =>
      value ? [`--${name}`, value] : [],
    );
    const { code, stdout, stderr } = await runAudit([...args, ...more]);
    return { code, stderr, ...JSON.parse(stdout) };
  } finally {
    await server.close();
  }
}

const idsOf = ({ rows }, verdict) => rows.filter((row) => row.verdict === verdict).map(({ id }) => id);

describe("a right server", () => {
  it("passes every row, with sessions and without", async () => {
    const [stateful, stateless] = await Promise.all([auditOf({}), auditOf({}, { revision: STATELESS })]);
    for (const result of [stateful, stateless]) {
      assert.deepEqual([result.code, idsOf(result, "fail")], [0, []]);
      assert.ok(result.requests <= 90);
    }
    const passed = new Set([...idsOf(stateful, "pass"), ...idsOf(stateless, "pass"), ...WITH_COMMAND]);
    const isOnNetwork = Object.values(networkInterfaces())
      .flat()
      .some((one) => one?.family === "IPv4" && !one.internal);
    const expected = ROWS.map(({ id }) => id).filter((id) => isOnNetwork || id !== "H2");
    assert.deepEqual(
      expected.filter((id) => !passed.has(id)),
      [],
    );
  });

  it("serves the origin that --origin names, and a server that does not fails", async () => {
    const only = "C16,H1";
    const allowed = await auditOf({}, { only, origin: "http://localhost:1234" });
    assert.deepEqual(idsOf(allowed, "pass"), ["C16", "H1"]);
    const rejected = await auditOf({}, { only, origin: "https://app.example.com" });
    assert.deepEqual(idsOf(rejected, "fail"), ["C16", "H1"]);
  });
});

describe("a server that is wrong in one row", { concurrency: 6 }, () => {
  for (const [row, defect, { but = [], ...options } = {}] of DEFECTS) {
    it(`fails ${[row, ...but].join(", ")}: ${Object.keys(defect)}`, async () => {
      const result = await auditOf(defect, { only: row[0] === "K" ? "" : "D,C,B,H,T", ...options });
      const failed = idsOf(result, "fail");
      assert.deepEqual(
        [result.code, failed.filter((id) => !but.includes(id))],
        [1, [row]],
        JSON.stringify(result.rows.filter(({ verdict }) => verdict === "fail")),
      );
      assert.deepEqual(
        but.filter((id) => !failed.includes(id)),
        [],
        "rows that need not be named",
      );
    });
  }

  it("every row has such a server", () => {
    const covered = new Set([...DEFECTS.map(([row]) => row), ...WITH_COMMAND]);
    assert.deepEqual(
      ROWS.map(({ id }) => id).filter((id) => !covered.has(id)),
      [],
    );
  });
});

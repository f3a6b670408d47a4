/**
 * Every row of the audit fails on a server that is wrong in this row, and none on one that is right there: an audit
 * that cannot fail says nothing.
 */

import assert from "node:assert/strict";
import { syncBuiltinESMExports } from "node:module";
import { networkInterfaces } from "node:os";
import { describe, it } from "node:test";
import timers from "node:timers/promises";
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

/**
 * Wrong servers: the rows that must fail, each with what is wrong. Two defects of a server touch nothing in common, so
 * that each row fails for its own.
 *
 * @type {{ options?: object, defects: Record<string, import("../support/audited-server.js").Defect> }[]}
 */
const SERVERS = [
  {
    defects: {
      D1: { documents: [] },
      B1: { audience: "https://audit.invalid/mcp" },
      C1: { rejection: onlyFor("none", withStatus(403)) },
      "C3, B4": { rejection: onlyFor("invalid_request", withStatus(401)) },
      C5: { rejection: onlyFor("none", insteadOf("Bearer ", 'Bearer error="invalid_token", ')) },
      C6: {
        rejection: onlyFor(
          "invalid_token",
          insteadOf('error="invalid_token"', 'error="missing_auth_header"'),
        ),
      },
    },
  },
  {
    defects: {
      D2: { metadata: (document) => ({ ...document, authorization_servers: undefined }) },
      D3: { rejection: onlyFor("none", insteadOf(/, resource_metadata="[^"]*"/, "")) },
      D6: {
        metadata: (document) => ({ ...document, resource: document.resource.replace("/mcp", "/other") }),
      },
      D9: {
        metadata: (document) => ({ ...document, scopes_supported: ["mcp", "files:write", "offline_access"] }),
      },
      C8: { rejection: onlyFor("invalid_token", insteadOf("was rejected", 'is \\"bad\\"')) },
      C10: { rejection: onlyFor("insufficient_scope", insteadOf(/, resource_metadata="[^"]*"/, "")) },
      C11: { rejection: onlyFor("insufficient_scope", insteadOf("mcp files:write", "mcp")) },
      C13: {
        rejection: onlyFor(
          "none",
          insteadOf('scope="mcp"', () => `scope="mcp s${counter++}"`),
        ),
      },
      C14: { unchecked: ["expiry before scope"] },
      C15: { rejection: insteadOf(/(Bearer .*), (ApiKey .*)/, "$2, $1") },
      C16: {
        rejection: (rejection) => ({
          ...rejection,
          headers: { ...rejection.headers, "access-control-expose-headers": "ETag" },
        }),
      },
      C17: { credential: (req) => (req.headers.authorization?.startsWith("bearer ") ? "none" : undefined) },
      B2: { credential: (req) => new URL(req.url, "http://a").searchParams.get("access_token") ?? undefined },
      B3: {
        admits: ({ req }) =>
          req.headers["mcp-session-id"] && !req.headers.authorization && req.method === "POST",
      },
      B5: {
        credential: ({ headers: { authorization } }) =>
          /^Bearer eyJ.*[ ,]/.test(authorization) ? authorization.split(/[ ,]+/)[1] : undefined,
      },
      H4: { sessionId: () => `session-${counter++}` },
      H7: { statuses: { unknownSession: 400 } },
      H8: { statuses: { version: 200 } },
      T1: { admits: ({ message, req }) => req.method === "POST" && message === undefined },
      T3: { unchecked: ["client_id"] },
      T6: { unchecked: ["typ"] },
      T9: { unchecked: ["none"] },
      T11: { unchecked: ["crit"] },
    },
  },
  {
    defects: {
      D2: {
        metadata: (document) => ({ ...document, authorization_servers: ["https://login.example/?a=b"] }),
      },
      D3: {
        rejection: insteadOf(/resource_metadata="http:\/\/[^/]*/, 'resource_metadata="https://audit.invalid'),
      },
      D5: { documents: ["/.well-known/oauth-protected-resource"] },
      D6: { metadata: (document) => ({ ...document, resource: `${document.resource}#a` }) },
      D7: { contentType: "text/html" },
      "C1, C14": { rejection: onlyFor("invalid_token", withStatus(403)) },
      C2: { unchecked: ["scope"] },
      C4: { rejection: onlyFor("invalid_request", insteadOf(/.*/, "Bearer")) },
      C6: { rejection: onlyFor("invalid_token", insteadOf(/error="invalid_token", /, "")) },
      C9: { rejection: onlyFor("none", insteadOf(/scope="mcp", /, "")) },
      C16: { rejection: onlyFor("preflight", withStatus(401)) },
      B4: { unchecked: ["two places"] },
      H2: { host: "0.0.0.0" },
      H3: {
        admits: ({ req, sessions }) =>
          req.headers.authorization &&
          sessions.has(req.headers["mcp-session-id"]) &&
          /audit-/.test(req.headers.authorization),
      },
      H5: { unchecked: ["principal"] },
      H7: { statuses: { noSession: 404 } },
      "T2, T3": { unchecked: ["audience"] },
      T4: { unchecked: ["issuer"] },
      T7: { unchecked: ["other kinds"] },
      T9: { unchecked: ["HS256"] },
      T12: { unchecked: ["not before"] },
      T15: { unchecked: ["own key"] },
    },
  },
  {
    defects: {
      D3: { rejection: insteadOf(/resource_metadata="http:\/\/[^/]*/, 'resource_metadata="') },
      D7: { metadata: (document) => ({ ...document, jwks_uri: null }) },
      D10: { metadata: (document) => ({ ...document, resource: `${document.resource}/` }) },
      C4: { rejection: onlyFor("invalid_request", insteadOf(/.*/, "")) },
      C7: { rejection: insteadOf('scope="mcp"', 'scope="mcp", scope="mcp"') },
      C8: { rejection: onlyFor("invalid_token", insteadOf("was rejected", 'is "bad"')) },
      H1: { unchecked: ["origin"] },
      T1: { admits: ({ req }) => req.method === "GET", statuses: { get: 200 } },
      "T5, C14": { unchecked: ["expiry"] },
      "T9, T13": { unchecked: ["signature"] },
    },
  },
  {
    options: { resource: "https://mcp.example.com/mcp" },
    defects: {
      D4: { documents: ["/metadata.json"] },
      D10: {
        metadata: (document) => ({ ...document, resource: document.resource.replace("http", "HTTP") }),
      },
      D12: { resource: "https://mcp.example.com/mcp", rejection: insteadOf('"https:', '"http:') },
      T13: { unchecked: ["form"] },
    },
  },
  {
    options: { revision: STATELESS },
    defects: {
      H9: { unchecked: ["mcp headers"] },
      H10: { statuses: { method: 200 } },
      H11: { listing: { cacheScope: "public" } },
    },
  },
  { options: { only: "K" }, defects: { K2: { unchecked: ["flood"] }, K4: { unchecked: ["outage"] } } },
  { options: { only: "K", skipsTime: true }, defects: { K3: { unchecked: ["strange keys"] } } },
];

/** One defect that is all of them. @returns {import("../support/audited-server.js").Defect} */
function allOf(defects) {
  const inTurn = (name) => (value, why) =>
    defects.reduce((changed, defect) => defect[name]?.(changed, why) ?? changed, value);
  return {
    ...Object.assign({}, ...defects),
    metadata: inTurn("metadata"),
    rejection: inTurn("rejection"),
    admits: (request) => defects.some(({ admits }) => admits?.(request)),
    unchecked: defects.flatMap(({ unchecked = [] }) => unchecked),
    credential: (req) => defects.map(({ credential }) => credential?.(req)).find((own) => own !== undefined),
    statuses: Object.assign({}, ...defects.map(({ statuses }) => statuses)),
  };
}

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

const rowsOf = (defects) => [...new Set(Object.keys(defects).flatMap((rows) => rows.split(", ")))];

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

describe("a wrong server", () => {
  for (const { options: { skipsTime, ...options } = {}, defects } of SERVERS) {
    const rows = rowsOf(defects).sort();
    it(`fails ${rows.join(", ")} and nothing else`, async (t) => {
      if (skipsTime) skipTime(t);
      const result = await auditOf(allOf(Object.values(defects)), { only: "D,C,B,H,T", ...options });
      assert.deepEqual(
        [result.code, idsOf(result, "fail").sort()],
        [1, rows],
        JSON.stringify(result.rows.filter(({ verdict }) => verdict === "fail")),
      );
    });
  }

  it("is there for every row", () => {
    const covered = new Set([...SERVERS.flatMap(({ defects }) => rowsOf(defects)), ...WITH_COMMAND]);
    assert.deepEqual(
      ROWS.map(({ id }) => id).filter((id) => !covered.has(id)),
      [],
    );
  });
});

/** Lets every pause of the audit end at once, and the clock say that it has passed. */
function skipTime(t) {
  const now = performance.now.bind(performance);
  let skipped = 0;
  t.mock.method(performance, "now", () => now() + skipped);
  t.mock.method(timers, "setTimeout", async (ms) => {
    skipped += ms;
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
}

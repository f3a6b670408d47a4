/** C16: a page of another origin reads the challenge and the metadata, in a real browser. Fetch standard, CORS. */

import assert from "node:assert/strict";
import { it } from "node:test";
import jwt from "jsonwebtoken";
import { JWTAuthProvider, requireAuth } from "mcp-native-auth";
import { runInBrowser } from "../../support/browser.js";
import { parseChallenges } from "../../support/challenges.js";
import { JWT_SECRET } from "../../support/credentials.js";
import { freePort } from "../../support/free-port.js";
import { GATED } from "../../support/gated-servers.js";
import { HTTP_STREAM, startServer, withoutFrameworkLog } from "../../support/servers.js";

const RESOURCE = "https://mcp.example.com/mcp";
const ISSUER = "https://login.example.com";
const WELL_KNOWN = "/.well-known/oauth-protected-resource/mcp";
const TOKEN = jwt.sign({ sub: "alice", scope: "mcp", aud: RESOURCE }, JWT_SECRET, { expiresIn: 600 });
const CALL = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "write_file", arguments: {} } };

/** Runs in the browser. Every request needs a preflight, because of its headers. */
async function visit(origins, token, call, wellKnown) {
  const common = { "content-type": "application/json", "mcp-protocol-version": "2025-11-25" };
  const read = async (url, { headers, ...init }) => {
    try {
      const answer = await fetch(url, { headers: { ...common, ...headers }, ...init });
      const challenge = answer.headers.get("www-authenticate");
      return { status: answer.status, challenge, body: await answer.json() };
    } catch ({ name }) {
      return { error: name };
    }
  };
  const findings = {};
  for (const [name, origin] of Object.entries(origins)) {
    const post = (headers) => read(`${origin}/mcp`, { method: "POST", headers, body: JSON.stringify(call) });
    findings[name] = {
      bare: await post({}),
      narrow: await post({ authorization: `Bearer ${token}` }),
      metadata: await read(origin + wellKnown, {}),
    };
  }
  return findings;
}

withoutFrameworkLog();

it("a page reads 401, 403 and the metadata of every host, if its origin is allowed", async (t) => {
  const port = await freePort();
  const own = `http://localhost:${port}`;
  const provider = new JWTAuthProvider({ secret: JWT_SECRET, audience: RESOURCE });
  const toolScopes = { write_file: ["files:write"] };
  const options = { resource: RESOURCE, authorizationServers: [ISSUER], toolScopes };
  const allowed = { default: {}, own: { allowedOrigins: [own] }, foreign: { allowedOrigins: [ISSUER] } };
  const origins = {};
  for (const [kind, more] of Object.entries(allowed)) {
    const auth = requireAuth(provider, { ...options, ...more });
    for (const [name, { start }] of Object.entries(GATED)) {
      const server = await start(auth);
      t.after(server.close);
      origins[`${kind}: ${name}`] = `http://127.0.0.1:${server.port}`;
    }
    const guarded = await startServer({ transport: HTTP_STREAM, prepare: (server) => auth.guard(server) });
    t.after(guarded.stop);
    origins[`${kind}: mcp-framework`] = guarded.url.origin;
  }

  const findings = await runInBrowser(port, visit, origins, TOKEN, CALL, WELL_KNOWN);
  assert.deepEqual(Object.keys(findings), Object.keys(origins));
  for (const [name, { bare, narrow, metadata }] of Object.entries(findings)) {
    assert.deepEqual([metadata.status, metadata.body?.authorization_servers], [200, [ISSUER]], name);
    if (name.startsWith("foreign")) {
      assert.deepEqual([bare, narrow], [{ error: "TypeError" }, { error: "TypeError" }], name);
      continue;
    }
    assert.deepEqual([bare.status, narrow.status], [401, 403], name);
    assert.ok(bare.challenge && narrow.challenge, `${name}: a challenge is not exposed`);
    const [first, second] = [bare, narrow].map(({ challenge }) => parseChallenges(challenge)[0].parameters);
    assert.equal(first.resource_metadata, `https://mcp.example.com${WELL_KNOWN}`, name);
    assert.deepEqual([second.error, second.scope], ["insufficient_scope", "files:write"], name);
  }
});

/** Metadata of an issuer: where it is looked for, and which documents are believed. RFC 8414, OpenID Connect Discovery. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import {
  createIssuerMetadata,
  metadataUrls,
  parseIssuerOption,
  readMetadata,
} from "../../lib/oauth/metadata.js";
import { closedOrigin, rawServer, scriptedServer, sendJson } from "../support/scripted-server.js";

const RFC8414 = "/.well-known/oauth-authorization-server";
const OPENID = "/.well-known/openid-configuration";

/** An authorization server with these documents by path; a function gives one, or answers itself. */
async function issuerWith(t, documents) {
  const server = await scriptedServer(t, (req, res) => {
    const found = documents[req.url];
    const document = typeof found === "function" ? found(server.origin, res) : found;
    if (!res.headersSent) {
      sendJson(res, document ?? {}, { status: document === undefined ? 404 : 200 });
    }
  });
  return server;
}

const documentOf = (issuer, more) => ({ issuer, jwks_uri: `${issuer}/jwks`, ...more });

/** @param {import("node:test").TestContext} t */
function metadataOf(t, issuer, options) {
  const source = createIssuerMetadata({ issuer, ...options });
  t.after(() => source.close());
  return source;
}

const failureOf = (promise) =>
  promise.then(
    (value) => assert.fail(inspect(value)),
    (error) => error,
  );

describe("metadataUrls", () => {
  it("follows the order of the MCP specification, with a path", () => {
    assert.deepEqual(metadataUrls("https://auth.example.com/tenant1"), [
      "https://auth.example.com/.well-known/oauth-authorization-server/tenant1",
      "https://auth.example.com/.well-known/openid-configuration/tenant1",
      "https://auth.example.com/tenant1/.well-known/openid-configuration",
    ]);
  });

  it("and without one, with the slash that some issuers end with", () => {
    for (const issuer of ["https://auth.example.com", "https://auth.example.com/"]) {
      assert.deepEqual(metadataUrls(issuer), [
        "https://auth.example.com/.well-known/oauth-authorization-server",
        "https://auth.example.com/.well-known/openid-configuration",
      ]);
    }
    assert.equal(
      metadataUrls("https://a.example.com/realms/x/")[2],
      "https://a.example.com/realms/x/.well-known/openid-configuration",
    );
  });
});

describe("parseIssuerOption", () => {
  it("rejects what cannot be an issuer", () => {
    const issuers = [
      "",
      "auth.example.com",
      "https://a/?x=1",
      "https://a/?",
      "https://a/#x",
      "https://u:p@a/",
      42,
      undefined,
    ];
    for (const issuer of [...issuers, "http://auth.example.com"]) {
      assert.throws(
        () => parseIssuerOption("issuer", issuer),
        { code: "ERR_MCP_AUTH_OPTION_INVALID" },
        String(issuer),
      );
    }
    assert.doesNotThrow(() =>
      parseIssuerOption("issuer", "http://auth.example.com", { requireHttps: false }),
    );
    assert.throws(() => createIssuerMetadata({ issuer: "nope" }), { code: "ERR_MCP_AUTH_OPTION_INVALID" });
  });
});

describe("discovery", () => {
  it("takes the first document, and asks for no other", async (t) => {
    const { origin, requests } = await issuerWith(t, {
      [RFC8414]: (issuer) => documentOf(issuer, { introspection_endpoint: `${issuer}/introspect`, more: 1 }),
    });
    assert.deepEqual(await metadataOf(t, origin).get(), {
      issuer: origin,
      jwksUri: `${origin}/jwks`,
      introspectionEndpoint: `${origin}/introspect`,
    });
    assert.deepEqual(
      requests.map(({ url }) => url),
      [RFC8414],
    );
  });

  it("falls back in order, whatever is wrong with the documents before", async (t) => {
    const wrong = {
      "not there": undefined,
      "a server error": (_, res) => sendJson(res, {}, { status: 500 }),
      "a redirect": (_, res) => sendJson(res, {}, { status: 302, headers: { location: "/" } }),
      "a web page": (_, res) => res.writeHead(200, { "content-type": "text/html" }).end("<p>"),
      "not an object": () => [],
      "another issuer": (issuer) => documentOf(`${issuer}/other`),
      "without keys": (issuer) => ({ issuer }),
    };
    for (const [what, document] of Object.entries(wrong)) {
      const { origin, requests } = await issuerWith(t, {
        [`${RFC8414}/t`]: document,
        [`${OPENID}/t`]: document,
        [`/t${OPENID}`]: (issuer) => documentOf(`${issuer}/t`),
      });
      const { jwksUri } = await metadataOf(t, `${origin}/t`).get();
      assert.equal(jwksUri, `${origin}/t/jwks`, what);
      assert.deepEqual(
        requests.map(({ url }) => url),
        [`${RFC8414}/t`, `${OPENID}/t`, `/t${OPENID}`],
        what,
      );
    }
  });

  it("skips a document without what is needed", async (t) => {
    const { origin } = await issuerWith(t, {
      [RFC8414]: (issuer) => ({ issuer, jwks_uri: `${issuer}/jwks` }),
      [OPENID]: (issuer) => ({ issuer, introspection_endpoint: `${issuer}/introspect` }),
    });
    const { introspectionEndpoint } = await metadataOf(t, origin, { need: "introspectionEndpoint" }).get();
    assert.equal(introspectionEndpoint, `${origin}/introspect`);
    assert.equal((await metadataOf(t, origin).get()).jwksUri, `${origin}/jwks`);
  });

  it("believes a document only if it names the issuer to the letter", async (t) => {
    const spellings = [
      (issuer) => issuer.toUpperCase(),
      (issuer) => `${issuer}?`,
      (issuer) => `${issuer} `,
      (issuer) => issuer.replace("127.0.0.1", "localhost"),
      (issuer) => [issuer],
      () => undefined,
      () => null,
      () => "",
    ];
    for (const spell of spellings) {
      const { origin } = await issuerWith(t, {
        [RFC8414]: (issuer) => ({ ...documentOf(issuer), issuer: spell(issuer) }),
      });
      const error = await failureOf(metadataOf(t, origin).get());
      assert.equal(error.code, "ERR_MCP_AUTH_METADATA_ISSUER_MISMATCH", String(spell));
      assert.equal(error.message, `the metadata of the issuer ${origin} names another issuer`);
    }
  });

  it("says so when only the slash at the end differs", async (t) => {
    const { origin } = await issuerWith(t, { [RFC8414]: (issuer) => documentOf(`${issuer}/`) });
    const error = await failureOf(metadataOf(t, origin).get());
    assert.equal(error.code, "ERR_MCP_AUTH_METADATA_ISSUER_MISMATCH");
    assert.match(error.message, /differs in the slash at its end/);
    assert.equal((await metadataOf(t, `${origin}/`).get()).issuer, `${origin}/`);
  });

  it("believes no member twice, none that was inherited", async (t) => {
    const { origin } = await issuerWith(t, {
      [RFC8414]: (issuer, res) =>
        res.end(`{"issuer":"https://a","issuer":"${issuer}","jwks_uri":"${issuer}/jwks"}`),
      [OPENID]: (issuer, res) => res.end(`{"__proto__":{"issuer":"${issuer}","jwks_uri":"${issuer}/jwks"}}`),
    });
    assert.match((await failureOf(metadataOf(t, origin).get())).code, /NOT_JSON|MISMATCH/);
    const issuer = "https://auth.example.com";
    const inherited = Object.create({ issuer, jwks_uri: `${issuer}/jwks` });
    assert.throws(() => readMetadata(inherited, issuer, "jwksUri", true), {
      code: "ERR_MCP_AUTH_METADATA_ISSUER_MISMATCH",
    });
  });

  it("rejects endpoints that cannot be asked", async (t) => {
    const endpoints = [
      "http://keys.example.com/jwks",
      "ftp://127.0.0.1/jwks",
      "https://user:hunter2@keys.example.com/jwks",
      "https://keys.example.com/jwks#x",
      "/jwks",
      "",
      42,
      null,
      `https://keys.example.com/${"x".repeat(3000)}`,
    ];
    for (const jwks_uri of endpoints) {
      const { origin } = await issuerWith(t, { [RFC8414]: (issuer) => ({ issuer, jwks_uri }) });
      const error = await failureOf(metadataOf(t, origin).get());
      assert.equal(error.code, "ERR_MCP_AUTH_METADATA_INVALID", String(jwks_uri));
      assert.doesNotMatch(error.message, /hunter2/);
    }
  });

  it("does not lead from https to http, not even on this machine", () => {
    const issuer = "https://auth.example.com";
    for (const jwks_uri of [
      "http://auth.example.com/jwks",
      "http://127.0.0.1/jwks",
      "http://localhost/jwks",
    ]) {
      for (const requireHttps of [true, false]) {
        assert.throws(() => readMetadata({ issuer, jwks_uri }, issuer, "jwksUri", requireHttps), {
          code: "ERR_MCP_AUTH_METADATA_INVALID",
        });
      }
    }
    const document = {
      issuer,
      jwks_uri: "https://keys.example.com/jwks",
      introspection_endpoint: "http://127.0.0.1/",
    };
    assert.deepEqual(readMetadata(document, issuer, "jwksUri", true), {
      issuer,
      jwksUri: "https://keys.example.com/jwks",
      introspectionEndpoint: undefined,
    });
  });

  it("leads from http on loopback to http elsewhere only where https is not required", () => {
    const issuer = "http://127.0.0.1:8080";
    for (const jwks_uri of ["http://keys.example.com/jwks", "http://[::ffff:127.0.0.1]:8080/jwks"]) {
      const read = (requireHttps) => readMetadata({ issuer, jwks_uri }, issuer, "jwksUri", requireHttps);
      assert.throws(() => read(true), { code: "ERR_MCP_AUTH_METADATA_INVALID" });
      assert.equal(read(false).jwksUri, jwks_uri);
    }
  });

  it("says what was wrong with the document that was there, rather than that others were not", async (t) => {
    const { origin } = await issuerWith(t, { [OPENID]: (issuer) => ({ issuer }) });
    assert.deepEqual(
      (({ code, message }) => ({ code, message }))(await failureOf(metadataOf(t, origin).get())),
      {
        code: "ERR_MCP_AUTH_METADATA_INVALID",
        message: `the metadata of the issuer ${origin} cannot be used: \`jwks_uri\` is missing`,
      },
    );
    const none = await issuerWith(t, {});
    const error = await failureOf(metadataOf(t, none.origin).get());
    assert.equal(error.code, "ERR_MCP_AUTH_METADATA_NOT_FOUND");
    assert.equal(error.retryAfterMs, 3000);
  });

  it("gives up at once when the server cannot be reached, and at the deadline when it stalls", async (t) => {
    const origin = await closedOrigin();
    assert.equal((await failureOf(metadataOf(t, origin).get())).code, "ERR_MCP_AUTH_HTTP_CONNECTION");
    let connections = 0;
    const stalling = await rawServer(t, () => {
      connections += 1;
    });
    const error = await failureOf(metadataOf(t, stalling.origin, { timeoutMs: 100 }).get());
    assert.match(error.code, /_TIMEOUT$/);
    assert.equal(connections, 1);
    const resetting = await rawServer(t, (socket) => {
      connections += 1;
      socket.resetAndDestroy();
    });
    const reset = await failureOf(metadataOf(t, resetting.origin).get());
    assert.equal(reset.code, "ERR_MCP_AUTH_HTTP_CONNECTION");
    assert.equal(connections, 2);
  });

  it("bounds the size of a document", async (t) => {
    const { origin } = await issuerWith(t, {
      [RFC8414]: (issuer) => documentOf(issuer, { more: "x".repeat(256 * 1024) }),
    });
    assert.equal((await failureOf(metadataOf(t, origin).get())).code, "ERR_MCP_AUTH_HTTP_TOO_LARGE");
  });

  it("keeps the last good metadata while the issuer cannot be asked", async (t) => {
    let isUp = true;
    const { origin } = await issuerWith(t, {
      [RFC8414]: (issuer, res) => (isUp ? documentOf(issuer) : sendJson(res, {}, { status: 503 })),
    });
    const failures = [];
    let laterMs = 0;
    const metadata = metadataOf(t, origin, {
      now: () => performance.now() + laterMs,
      minIntervalMs: 0,
      onFailure: (failed) => failures.push(failed),
    });
    await metadata.get();
    isUp = false;
    assert.equal((await failureOf(metadata.refresh())).code, "ERR_MCP_AUTH_HTTP_STATUS");
    assert.equal((await metadata.get()).jwksUri, `${origin}/jwks`);
    assert.equal(failures[0].usingStaleValue, true);
    // By default it is used for an hour, and for a day more.
    laterMs = 24.9 * 3_600_000;
    assert.equal((await metadata.get()).jwksUri, `${origin}/jwks`);
    laterMs = 25 * 3_600_000;
    assert.equal((await failureOf(metadata.get())).code, "ERR_MCP_AUTH_HTTP_STATUS");
  });
});

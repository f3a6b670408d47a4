/** Metadata of a protected resource: its identifier, where it lies, what it says. RFC 9728. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  metadataLocations,
  parseAuthorizationServers,
  parseResource,
  resourceMetadata,
} from "../../lib/oauth/resource-metadata.js";

const invalid = (message) => ({ code: "ERR_MCP_AUTH_OPTION_INVALID", ...(message && { message }) });

describe("parseResource", () => {
  it("keeps the identifier to the letter, but for the case of scheme and host", () => {
    const same = [
      "https://mcp.example.com",
      "https://mcp.example.com/",
      "https://mcp.example.com/MCP/",
      "https://mcp.example.com:8443/a%2Fb/../c",
      "http://localhost:3000/mcp",
      "http://[::1]:3000",
    ];
    for (const id of same) {
      assert.deepEqual((({ id, advice }) => ({ id, advice }))(parseResource(id)), { id, advice: [] });
    }
    assert.equal(parseResource("HTTPS://MCP.Example.COM:8443/MCP").id, "https://mcp.example.com:8443/MCP");
    assert.equal(parseResource("https://MCP.example.com").id, "https://mcp.example.com");
    assert.equal(parseResource("https://MCP.example.com?A=B").id, "https://mcp.example.com?A=B");
  });

  it("gives advice on what works but should be different", () => {
    for (const id of [
      "http://mcp.example.com/",
      "https://mcp.example.com/?x=1",
      "api://mcp-server",
      "client-id",
    ]) {
      const { advice, id: kept } = parseResource(id);
      assert.equal(advice.length, 1, id);
      assert.equal(kept, id);
    }
    assert.equal(parseResource("api://x").url, undefined);
  });

  it("rejects what cannot stand in a header, or names no resource", () => {
    for (const nothing of [undefined, null, "", "  "]) {
      assert.throws(() => parseResource(nothing), invalid("OAuth metadata requires a resource identifier"));
    }
    const rejected = [
      'https://a/"',
      "https://a/\\",
      "https:\\\\a\\",
      "https://a/\r\nx: y",
      "https://a/€",
      "https://a/ b",
      "https://user:hunter2@a/",
      "https://a/#x",
      "https://",
      "https:a",
      "http:///a",
      42,
      {},
      ["https://a"],
    ];
    for (const resource of rejected) {
      assert.throws(
        () => parseResource(resource),
        (error) => error.code === "ERR_MCP_AUTH_OPTION_INVALID" && !/hunter2/.test(error.message),
        String(resource),
      );
    }
  });
});

describe("metadataLocations", () => {
  const locationsOf = (resource) => metadataLocations(parseResource(resource));
  const root = "https://mcp.example.com/.well-known/oauth-protected-resource";

  it("puts the well-known segment between host and path: RFC 9728 §3.1", () => {
    assert.deepEqual(locationsOf("https://mcp.example.com/mcp"), {
      root,
      inserted: `${root}/mcp`,
      paths: ["/.well-known/oauth-protected-resource/mcp", "/.well-known/oauth-protected-resource"],
    });
    assert.equal(locationsOf("https://mcp.example.com/a/b/").inserted, `${root}/a/b/`);
    assert.equal(locationsOf("https://mcp.example.com/a?tenant=1").inserted, `${root}/a?tenant=1`);
    assert.equal(locationsOf("https://MCP.example.com:443/A").inserted, `${root}/A`);
  });

  it("drops a slash that stands alone", () => {
    for (const resource of ["https://mcp.example.com", "https://mcp.example.com/"]) {
      assert.deepEqual(locationsOf(resource), {
        root,
        inserted: root,
        paths: ["/.well-known/oauth-protected-resource"],
      });
    }
  });

  it("has none for an identifier that is not a URL", () => {
    assert.equal(locationsOf("api://mcp-server"), undefined);
  });
});

describe("parseAuthorizationServers", () => {
  it("keeps issuers to the letter, each once", () => {
    const issuers = [
      "https://login.example.com/",
      "https://login.example.com",
      "http://127.0.0.1:3000/realms/x",
    ];
    assert.deepEqual(parseAuthorizationServers([...issuers, issuers[0]]), { issuers, advice: [] });
    assert.equal(parseAuthorizationServers(["http://login.example.com"]).advice.length, 1);
  });

  it("rejects what cannot be published, in the words of the framework where it has some", () => {
    const cases = [
      [undefined, "`authorizationServers` must be an array of issuer URLs"],
      ["https://a", "`authorizationServers` must be an array of issuer URLs"],
      [new Set(["https://a"]), "`authorizationServers` must be an array of issuer URLs"],
      [[], "OAuth metadata requires at least one authorization server"],
      [[""], "Authorization server URL cannot be empty"],
      [[" "], "Authorization server URL cannot be empty"],
      [["nope"], "Invalid authorization server URL: nope"],
      [["https://a", 42], "Invalid authorization server URL: position 1"],
      [
        ["user:hunter2@\n"],
        "`authorizationServers[0]` must be a URL of visible ASCII characters, at most 2048",
      ],
      [["//u:hunter2@a"], "Invalid authorization server URL: position 0"],
      [new Array(1), "Invalid authorization server URL: position 0"],
      [["javascript:alert(1)"], "`authorizationServers[0]` must be an https URL"],
      [["https://a/?x"], "`authorizationServers[0]` must not have a query"],
      [["https://a/#x"], "`authorizationServers[0]` must not have a fragment"],
      [["https://u:hunter2@a/"], "`authorizationServers[0]` must not contain a user name or password"],
    ];
    for (const [servers, message] of cases) {
      assert.throws(() => parseAuthorizationServers(servers), invalid(message));
    }
  });
});

describe("resourceMetadata", () => {
  const resource = parseResource("https://mcp.example.com/mcp");
  const authorizationServers = ["https://login.example.com"];

  it("has two members, in this order, and those that are given", () => {
    assert.equal(
      JSON.stringify(resourceMetadata({ resource, authorizationServers })),
      '{"resource":"https://mcp.example.com/mcp","authorization_servers":["https://login.example.com"]}',
    );
    assert.deepEqual(
      resourceMetadata({
        resource,
        authorizationServers,
        scopesSupported: ["mcp", "files:write"],
        resourceName: "Files",
        resourceDocumentation: "https://docs.example.com/",
      }),
      {
        resource: "https://mcp.example.com/mcp",
        authorization_servers: authorizationServers,
        scopes_supported: ["mcp", "files:write"],
        resource_name: "Files",
        resource_documentation: "https://docs.example.com/",
      },
    );
  });

  it("is frozen, and no array of the caller's", () => {
    const servers = [...authorizationServers];
    const document = resourceMetadata({ resource, authorizationServers: servers, scopesSupported: ["a"] });
    servers.push("https://evil.example.com");
    assert.deepEqual(document.authorization_servers, authorizationServers);
    assert.ok(Object.isFrozen(document));
    assert.ok(Object.isFrozen(document.authorization_servers));
    assert.ok(Object.isFrozen(document.scopes_supported));
  });

  it("rejects members that clients could not use", () => {
    const cases = [
      { scopesSupported: "mcp" },
      { scopesSupported: [] },
      { scopesSupported: ["a b"] },
      { scopesSupported: ['a"'] },
      { scopesSupported: [42] },
      { scopesSupported: new Array(1) },
      { scopesSupported: ["mcp", "offline_access"] },
      { resourceName: "" },
      { resourceName: 42 },
      { resourceName: "\ud800" },
      { resourceDocumentation: "docs" },
      { resourceDocumentation: "javascript:alert(1)" },
    ];
    for (const options of cases) {
      assert.throws(() => resourceMetadata({ resource, authorizationServers, ...options }), invalid());
    }
  });
});

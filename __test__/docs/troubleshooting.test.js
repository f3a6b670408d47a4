/**
 * docs/troubleshooting.md against the source: it lists exactly the codes that there are, and each message that it
 * quotes is made to happen and is said as quoted.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { setTimeout as sleep, setImmediate as turnOfTheLoop } from "node:timers/promises";
import { inspect } from "node:util";
import { buildSync } from "esbuild";
import {
  APIKeyAuthProvider,
  anyOf,
  generateApiKey,
  JWTAuthProvider,
  OAuthAuthProvider,
  requireAuth,
} from "mcp-native-auth";
import { constructNative, ERRORS } from "../../lib/core/errors.js";
import { WARNINGS } from "../../lib/core/warnings.js";
import { rejectionCodes } from "../../lib/native/load.js";
import { addonFileName, platformId } from "../../lib/native/platform.js";
import { freePort } from "../support/free-port.js";
import { withKey } from "../support/keyed-requests.js";
import { sections } from "../support/markdown.js";
import { nativeVerifier } from "../support/native-verifier.js";
import { checkout, project } from "../support/project.js";

const read = (file) => readFileSync(path.join(checkout, file), "utf8");
const page = read("docs/troubleshooting.md");
const reasonsPage = read("docs/monitoring.md");
const ERROR = "ERR_MCP_AUTH_";
const WARNING = "MCP_NATIVE_AUTH_";

/** Codes with the messages that the page quotes for each. */
const documented = new Map(
  sections(page, 3).map(([heading, text]) => [
    heading.replaceAll("`", ""),
    { text, messages: [...text.matchAll(/^> (.+)$/gm)].map(([, message]) => message) },
  ]),
);

describe("codes", () => {
  const found = (text, pattern) => [...text.matchAll(pattern)].map(([, code]) => code);

  it("of errors and warnings are those of the tables, and the core has no other", () => {
    assert.deepEqual(
      [...documented.keys()].sort(),
      [...Object.keys(ERRORS), ...Object.keys(WARNINGS)].sort(),
    );
    const ofTheCore = ["src/config_error.rs", "src/node/error.rs"].flatMap((file) =>
      found(read(file), /"(ERR_MCP_AUTH_[A-Z_]+)"/g),
    );
    assert.deepEqual(
      ofTheCore.filter((code) => !Object.hasOwn(ERRORS, code)),
      [],
    );
  });

  it("of errors are those that index.d.ts declares for constructors, and those of loading", () => {
    const declared = found(read("index.d.ts"), /\| "(ERR_MCP_AUTH_[A-Z_]+)"/g);
    const ofLoading = [
      ...["ADDON_MISSING", "ADDON_UNLOADABLE", "ADDON_VERSION"],
      "REGISTER_UNSUPPORTED",
      ...["REGISTER_BYPASSED", "REGISTER_WITHOUT_EFFECT", "REGISTER_NOT_INHERITED"],
    ].map((code) => ERROR + code);
    const errorCodes = [...documented.keys()].filter((code) => code.startsWith(ERROR));
    assert.deepEqual(errorCodes.sort(), [...declared, ...ofLoading].sort());
  });

  it("of rejections are those that the core has, in its order", () => {
    const reasons = found(reasonsPage, /^\| `(TOKEN_[A-Z_]+)` \|/gm);
    const ofTheCore = rejectionCodes();
    assert.deepEqual(
      reasons.filter((reason) => ofTheCore.includes(reason)),
      ofTheCore,
    );
    assert.deepEqual(ofTheCore, found(read("src/rejection.rs"), /, "(TOKEN_[A-Z_]+)", /g));
  });

  it("of rejections are those that index.d.ts declares, in one table of one page", () => {
    const [, declared] = /type RejectionReason =([^;]+);/.exec(read("index.d.ts"));
    const row = /^\| `([A-Z_]+)` \|/gm;
    assert.deepEqual(found(reasonsPage, row), found(declared, /"([A-Z_]+)"/g));
    assert.deepEqual(found(page, row), []);
  });

  it("each has messages, a cause and a fix", () => {
    for (const [code, { text, messages }] of documented) {
      assert.ok(messages.length > 0 && /\*\*Cause:\*\*\s.*\*\*Fix:\*\*\s/s.test(text), code);
    }
  });

  it("have a section of the guide wherever a page names one", () => {
    const guides = readdirSync(path.join(checkout, "docs")).filter((name) => name.endsWith(".md"));
    const pages = ["README.md", "CHANGELOG.md", "SECURITY.md", ...guides.map((name) => `docs/${name}`)].map(
      read,
    );
    const named = found(pages.join("\n"), /\b((?:ERR_MCP_AUTH|MCP_NATIVE_AUTH)_[A-Z_]+)\b/g);
    assert.deepEqual(
      named.filter((code) => !documented.has(code)),
      [],
    );
  });
});

/** A quoted message as a pattern: `…` stands for anything. */
function pattern(message) {
  const parts = message.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "s");
}

/** What really happened: `[code, message]`. */
const happened = [];

async function fails(act) {
  try {
    await act();
  } catch ({ code, message }) {
    happened.push([code, message]);
    return;
  }
  assert.fail("nothing was thrown");
}

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = publicKey.export({ type: "spki", format: "pem" });
const small = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey;
const apiKeys = (options) => () => new APIKeyAuthProvider(options);
const jwt = (options) => () => new JWTAuthProvider(options);
const key = generateApiKey().key;
/** Long enough for every algorithm, and no key of anybody. */
const secret = generateApiKey().key + generateApiKey().key;
const throttled = (throttle) => apiKeys({ keys: [key], throttle });
const entry = (members) => apiKeys({ keys: [{ key, id: "alice", ...members }] });
const provider = () => new APIKeyAuthProvider({ keys: [{ key, id: "alice" }] });
const failure = Object.assign(new Error("not today"), { code: "ENOENT" });
/** A provider whose loads end in turn as given: with keys, or by throwing. */
const loading = (...outcomes) =>
  new APIKeyAuthProvider({
    loadKeys() {
      const outcome = outcomes.shift();
      if (outcome instanceof Error) {
        throw outcome;
      }
      return outcome;
    },
  });

const RESOURCE = "https://mcp.example.com/mcp";
const GET = { headers: {}, url: "/", method: "GET" };
const withToolScopes = () => requireAuth(provider(), { toolScopes: { write: ["w"] } });

const MISTAKES = [
  apiKeys({}),
  apiKeys({ key }),
  apiKeys({ keys: "k1" }),
  apiKeys({ keys: [undefined] }),
  apiKeys({ keys: ["k1", ""] }),
  apiKeys({ keys: ["\ud800"] }),
  apiKeys({ keys: ["k1"], headerName: "X Key:" }),
  apiKeys({ keys: ["k1"], queryFallback: "false" }),
  apiKeys({
    get keys() {
      throw new Error("unreadable");
    },
  }),
  apiKeys({ keys: [key, 5] }),
  entry({ expires: "2027-01-31T00:00:00Z" }),
  entry({ hash: generateApiKey().hash }),
  entry({ key: 5 }),
  entry({ key: undefined }),
  entry({ key: undefined, hash: "5" }),
  entry({ id: "" }),
  entry({ id: key }),
  entry({ scopes: "read" }),
  entry({ metadata: [] }),
  entry({ expiresAt: "tomorrow" }),
  entry({ notBefore: "2027-01-31T00:00:00Z", expiresAt: "2026-01-31T00:00:00Z" }),
  apiKeys({
    keys: [
      {
        get scopes() {
          throw new Error("unreadable");
        },
      },
    ],
  }),
  apiKeys({ keys: [key, { key, id: "alice" }] }),
  () => provider().addKeys([{ hash: generateApiKey().hash, id: "alice" }]),
  () => provider().replaceKey("bob", key),
  apiKeys({ keys: ["changeme"], strict: true }),
  async () => {
    const loaded = loading([key], failure);
    await loaded.ready();
    await loaded.reload();
  },
  () => loading(failure, failure).ready(),
  () => provider().reload(),
  apiKeys(Object.assign(Object.create({ queryFallback: false }), { keys: [key] })),
  apiKeys({ keys: [key], headerNam: "X-Key", strict: true }),
  jwt({ secret, audience: "here", issuer: undefined, strict: true }),
  jwt({}),
  jwt({ certificate: "x" }),
  jwt({ secret: 5 }),
  jwt({ secret: {} }),
  jwt({ secret: "\ud800" }),
  jwt({
    secret: {
      get kty() {
        throw new Error("unreadable");
      },
    },
  }),
  jwt({ secret: Buffer.alloc(0) }),
  jwt({ secret: pem.replace("-----END", "----END"), algorithms: ["RS256"] }),
  jwt({ secret: { key: "no key" }, algorithms: ["RS256"] }),
  jwt({ secret: { kty: "RSA", n: 1n }, algorithms: ["RS256"] }),
  jwt({ secret: privateKey, algorithms: ["RS256"] }),
  jwt({ secret: small, algorithms: ["RS256"] }),
  jwt({ secret: { ...createPublicKey(pem).export({ format: "jwk" }), use: "enc" }, algorithms: ["RS256"] }),
  jwt({ secret, algorithms: "HS256" }),
  jwt({ secret, algorithms: [5] }),
  jwt({ secret, algorithms: ["none"] }),
  jwt({ secret, algorithms: ["hs256"] }),
  jwt({ secret, algorithms: [] }),
  jwt({ secret: pem }),
  jwt({ secret, algorithms: ["RS256"] }),
  jwt({ secret: "./public.pem", algorithms: ["RS256"] }),
  jwt({ secret, typ: 5 }),
  jwt({ secret, issuer: "https://a.example,https://b.example" }),
  jwt({ secret, issuer: "https://*.example" }),
  jwt({ secret, claims: { client_id: undefined } }),
  jwt({ secret, cacheSize: "12" }),
  jwt({ keys: [] }),
  jwt({ keys: [""] }),
  jwt({ keys: "a JWK Set as text" }),
  jwt({ keys: [{ kid: "", secret }] }),
  jwt({ keys: Array(101).fill(secret) }),
  jwt({ keys: Array(5).fill(secret) }),
  jwt({ keys: [secret], secret }),
  jwt({ jwksUri: "https://login.example/jwks", algorithms: ["HS256"] }),
  jwt({ loadKeys: () => [secret], algorithms: [] }),
  jwt({ secret, requireHttps: true }),
  () => new JWTAuthProvider({ loadKeys: () => [secret] }).setSecret(secret),
  jwt({ secret: "changeme", audience: "here", strict: true }),
  jwt({ secret, strict: true }),
  jwt({ secret, audience: "here", requireExpiration: false, strict: true }),
  jwt({ secret, clockTolerance: 60_000_000 }),
  jwt({ secret, issuer: [] }),
  jwt({ secret, issuer: "" }),
  jwt({ secret, issuer: ["us", ""] }),
  jwt({ secret, requiredClaims: "sub" }),
  jwt({ secret, typ: "no type" }),
  apiKeys({ loadKeys: [key] }),
  throttled(10),
  apiKeys({ keys: [key], trustProxy: -1 }),
  apiKeys({ keys: [key], trustProxy: { header: "X-Forwarded-For" } }),
  apiKeys({ keys: [`"${key}"`], strict: true }),
  jwt({ secret: `"${secret}"`, audience: "here", strict: true }),
  throttled({ failures: 10, limiter: { consume() {} } }),
  throttled({ limiter: {} }),
  apiKeys({ keys: [key], trustProxy: 1, throttle: { trustProxy: 2 } }),
  () => anyOf([new JWTAuthProvider({ secret, trustProxy: 1 })]),
  () => anyOf([]),
  () => anyOf([{}]),
  () => anyOf([new JWTAuthProvider({ secret, throttle: {} })]),
  () => generateApiKey({ prefix: "-" }),
  () => constructNative(() => nativeVerifier("nonsense", Buffer.from(secret))),
];

/** What is warned of, each in one sentence. */
const WARNED = {
  "a misspelled option": jwt({ secret, requireExp: true }),
  "an undefined option": jwt({ secret, issuer: undefined }),
  "a damaged API key": apiKeys({ keys: [`"${key}"`] }),
  "a damaged secret": jwt({ secret: `"${secret}"` }),
  "an algorithm that the key cannot verify": jwt({ secret, algorithms: ["HS256", "RS256"] }),
  "keys that are not bound to an issuer": jwt({
    keys: [secret, [...secret].reverse().join("")],
    issuer: ["https://a.example", "https://b.example"],
  }),
  "a weak API key": apiKeys({ keys: ["changeme"] }),
  "a weak secret": jwt({ secret: "changeme" }),
  "a first load that fails": () =>
    loading(5)
      .ready()
      .catch(() => {}),
  "a load with a row that cannot be a key": () => loading([key, 5]).ready(),
  "keys that no load has confirmed for too long": async () => {
    const stale = new APIKeyAuthProvider({ loadKeys: () => [key], maxStaleSeconds: 0.05 });
    await stale.ready();
    await sleep(200);
    await stale.authenticate(withKey(key));
  },
  "a later load that fails": async () => {
    const loaded = loading([key], 5);
    await loaded.ready();
    await loaded.reload().catch(() => {});
  },
  "a limiter whose store is away": () => {
    const limiter = { consume: () => Promise.reject(new Error("not today")) };
    return throttled({ limiter })().authenticate(withKey("a guess"));
  },
  "an issuer that is away": () =>
    new OAuthAuthProvider({ resource: RESOURCE, authorizationServers: ["http://127.0.0.1:1"] })
      .ready()
      .catch(() => {}),
  "keys for tokens that cannot be loaded": () =>
    new JWTAuthProvider({ loadKeys: () => Promise.reject(failure) }).ready().catch(() => {}),
  "keys for tokens of which one cannot be used": () =>
    new JWTAuthProvider({ loadKeys: () => [secret, 5], algorithms: ["HS256"] }).ready(),
  "a resource that clients reject": () =>
    new OAuthAuthProvider({ resource: "api://mcp", authorizationServers: ["https://login.example.com"] }),
  "a gate whose provider checks no audience": () =>
    requireAuth(new JWTAuthProvider({ secret }), { resource: RESOURCE }),
  "tool scopes behind fastmcp": () =>
    withToolScopes()
      .fastmcp(GET)
      .catch(() => {}),
  "tool scopes behind verifier": () => withToolScopes().verifier(GET),
  "a JWK Set of which one key is for something else": () => {
    const k = Buffer.from(secret).toString("base64url");
    return new JWTAuthProvider({
      keys: {
        keys: [
          { kty: "oct", k },
          { kty: "oct", k, use: "enc" },
        ],
      },
    });
  },
};

/** Programs that end with an error or warn of something that a process of its own shows, and what Node is started with. */
const SWITCH = ["--import", "mcp-native-auth/register"];
const STRICT = ["--import", "mcp-native-auth/register/strict"];
const FRAMEWORK = { dependencies: ["mcp-framework", "zod"] };

/** A server that may be open, as `make`, and a client that sends it three messages, as `ask`. */
const OPEN = { installed: FRAMEWORK };
const PORT = await freePort();
const OPEN_SERVER = `
  import { MCPServer, MCPTool } from "mcp-framework";
  import { APIKeyAuthProvider } from "mcp-native-auth";
  import { z } from "zod";
  class Greeting extends MCPTool {
    name = "greeting";
    description = "A greeting";
    schema = z.object({});
  }
  function make(config) {
    const server = new MCPServer({ name: "open", version: "1.0.0", basePath: import.meta.dirname, ...config });
    server.addTool(Greeting);
    return server;
  }
  async function ask(send) {
    const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo: { name: "c", version: "1" } };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params });
    const accept = "application/json, text/event-stream";
    const headers = { "content-type": "application/json", accept, "x-api-key": "${key}" };
    for (let n = 0; n < 3; n += 1) await (await send({ method: "POST", headers, body })).text();
    setTimeout(() => process.exit(), 20);
  }
  /** Asks until the server is there. */
  async function fetchSoon(url, init) {
    for (;;) {
      try {
        return await fetch(url, init);
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
  const provider = new APIKeyAuthProvider({ keys: ["${key}"] });
`;
const framework = (source) => ({
  "node_modules/mcp-framework/package.json": `{ "name": "mcp-framework", "type": "module", "exports": "./index.js" }`,
  "node_modules/mcp-framework/index.js": source,
});
const ASK = `await new APIKeyAuthProvider({ keys: ["${key}"] }).authenticate({ headers: {}, socket: {} });`;
const INNER = `import "./node_modules/mcp-framework/dist/auth/index.js";`;
const UNSEEN = ["--import", "./early.mjs"];
const EARLY = {
  installed: FRAMEWORK,
  // Without the inspector, the switch does not see what is loaded.
  files: {
    "early.mjs": `
      import inspector from "node:inspector";
      inspector.Session = undefined;
      globalThis.Early = (await import("mcp-framework")).APIKeyAuthProvider;`,
  },
  source: `import "mcp-framework"; const APIKeyAuthProvider = globalThis.Early; ${ASK}`,
};
const SERVER = `
  import http from "node:http";
  const server = http.createServer((_request, response) => response.end()).listen(0, "127.0.0.1", async () => {
    await (await fetch("http://127.0.0.1:" + server.address().port)).text();
    server.close();
    server.closeAllConnections();
  });`;
const CHILD = `
  import { spawn } from "node:child_process";
  spawn(process.execPath, ["--version"], { env: {} });`;
const NODE_MAJOR = Number.parseInt(process.versions.node, 10);
const triple = platformId();
const ADDON_PACKAGE = `@mcp-native-auth/${triple}`;

function removeAddon(installed) {
  rmSync(path.join(installed, "native"), { recursive: true });
}

function removeScripts(installed) {
  rmSync(path.join(installed, "scripts"), { recursive: true });
}

function damageAddon(installed) {
  writeFileSync(path.join(installed, "native", addonFileName(triple)), "of another machine");
}

/** As scripts/release.js lays it out: the addon comes in a package of its own. */
function makeRelease(installed) {
  removeAddon(installed);
  const file = path.join(installed, "package.json");
  const manifest = {
    ...JSON.parse(readFileSync(file, "utf8")),
    optionalDependencies: { [ADDON_PACKAGE]: "0.1.0" },
  };
  writeFileSync(file, JSON.stringify(manifest));
}

const PROGRAMS = {
  "a package without its addon": { source: `import "mcp-native-auth";`, spoil: removeAddon },
  "a package with an addon of another machine": {
    source: `import "mcp-native-auth";`,
    spoil: damageAddon,
  },
  "a package without its addon and its scripts": {
    source: `import "mcp-native-auth";`,
    spoil: (installed) => {
      removeAddon(installed);
      removeScripts(installed);
    },
  },
  "a package with an addon of another machine, without its scripts": {
    source: `import "mcp-native-auth";`,
    spoil: (installed) => {
      damageAddon(installed);
      removeScripts(installed);
    },
  },
  "a package that was packed elsewhere": {
    source: `import "mcp-native-auth";`,
    spoil: (installed) => {
      const native = path.join(installed, "native");
      renameSync(path.join(native, addonFileName(triple)), path.join(native, addonFileName("plan9-mips")));
    },
  },
  "a bundle": {
    source: `import "./bundle.mjs";`,
    spoil: (installed) => {
      const folder = path.join(installed, "..", "..");
      const stdin = { contents: `import "mcp-native-auth";`, resolveDir: folder };
      buildSync({
        stdin,
        bundle: true,
        platform: "node",
        format: "esm",
        outfile: path.join(folder, "bundle.mjs"),
      });
    },
  },
  "a process without addons": { args: ["--no-addons"], source: `import "mcp-native-auth";` },
  "a process with Node's permission model": {
    args: [NODE_MAJOR < 24 ? "--experimental-permission" : "--permission", "--allow-fs-read=*"],
    source: `import "mcp-native-auth";`,
  },
  "a WebContainer": {
    args: ["--no-addons"],
    source: `Object.defineProperty(process, "versions", { value: { ...process.versions, webcontainer: "1" } });
      await import("mcp-native-auth");`,
  },
  "a release installed on another platform": {
    files: { "node_modules/@mcp-native-auth/plan9-mips/package.json": `{ "version": "0.1.0" }` },
    source: `import "mcp-native-auth";`,
    spoil: makeRelease,
  },
  "a release without its addon": { source: `import "mcp-native-auth";`, spoil: makeRelease },
  "a release with the addon of another release": {
    files: { [`node_modules/${ADDON_PACKAGE}/package.json`]: `{ "version": "0.0.1" }` },
    source: `import "mcp-native-auth";`,
    spoil: makeRelease,
  },
  "hooks that do nothing": {
    files: {
      "stub.cjs": `
        const loaders = require("node:module");
        loaders.register = loaders.registerHooks = () => {};
        loaders.syncBuiltinESMExports();`,
    },
    args: ["--require", "./stub.cjs", ...SWITCH],
    source: "",
  },
  "a framework that asks and fails to load": {
    files: {
      ...framework(`throw new Error("not today");`),
      "node_modules/mcp-framework/ask.js": "export const ask = (provider) => provider instanceof Map;",
    },
    source: `import { APIKeyAuthProvider } from "mcp-native-auth";
      import { ask } from "./node_modules/mcp-framework/ask.js";
      ask(new APIKeyAuthProvider({ keys: ["${key}"] }));`,
  },
  "a framework without the classes": {
    files: framework("export class MCPServer {}"),
    args: SWITCH,
    source: `import "mcp-framework";`,
  },
  "a provider that came by require()": {
    args: SWITCH,
    installed: FRAMEWORK,
    source: `
      import "mcp-framework";
      import { createRequire } from "node:module";
      const { APIKeyAuthProvider } = createRequire(import.meta.url)("./node_modules/mcp-framework/dist/index.js");
      ${ASK}`,
  },
  "an inner file of the framework": { args: SWITCH, installed: FRAMEWORK, source: INNER },
  "an inner file of the framework, strict": { args: STRICT, installed: FRAMEWORK, source: INNER },
  "a switch after the framework": {
    installed: FRAMEWORK,
    source: `import "mcp-framework"; import "mcp-native-auth/register";`,
  },
  "a switch after the framework, strict": {
    installed: FRAMEWORK,
    source: `import "mcp-framework"; import "mcp-native-auth/register/strict";`,
  },
  "a provider that no hook saw": { args: [...UNSEEN, ...SWITCH], ...EARLY },
  "a provider that no hook saw, strict": { args: [...UNSEEN, ...STRICT], ...EARLY },
  "`auth` at the top level of a server": {
    ...OPEN,
    source: `${OPEN_SERVER}
      const server = make({ auth: { provider }, transport: { type: "http-stream", options: { port: ${PORT} } } });
      server.start();
      await ask((init) => fetchSoon("http://127.0.0.1:${PORT}/mcp", init));`,
  },
  "`auth` of a transport, serverless": {
    ...OPEN,
    source: `${OPEN_SERVER}
      const server = make({ transport: { type: "http-stream", options: { auth: { provider } } } });
      await ask((init) => server.handleRequest(new Request("http://host.example/mcp", init)));`,
  },
  "an SSE stream that opens without a credential": {
    ...OPEN,
    source: `${OPEN_SERVER}
      const server = make({ transport: { type: "sse", options: { port: ${PORT}, auth: { provider } } } });
      server.start();
      const stream = await fetchSoon("http://127.0.0.1:${PORT}/sse");
      const { value } = await stream.body.getReader().read();
      const [, endpoint] = /data: (\\S+)/.exec(Buffer.from(value));
      await ask((init) => fetch("http://127.0.0.1:${PORT}" + endpoint, init));`,
  },
  "two clients of one HTTP stream without the guard": {
    ...OPEN,
    source: `${OPEN_SERVER}
      const two = new APIKeyAuthProvider({ keys: ["${key}", "${secret}"] });
      const options = { port: ${PORT}, auth: { provider: two } };
      make({ transport: { type: "http-stream", options } }).start();
      const keys = ["${key}", "${key}", "${secret}"];
      await ask(async (init) => {
        init.headers["x-api-key"] = keys.shift();
        return await fetchSoon("http://127.0.0.1:${PORT}/mcp", init);
      });`,
  },
  "a framework that the guard does not fit": {
    ...OPEN,
    source: `${OPEN_SERVER}
      import { requireAuth } from "mcp-native-auth";
      const server = make({});
      server.toolsMap = undefined;
      requireAuth(provider).guard(server);`,
  },
  "a transport that the guard does not know": {
    ...OPEN,
    source: `${OPEN_SERVER}
      import { requireAuth } from "mcp-native-auth";
      const server = make({});
      server.createTransportFromConfig = () => ({ type: "http-3", _healthPath: null, start() {}, send() {} });
      requireAuth(provider).guard(server).createTransportFromConfig({ type: "http-3" });`,
  },
  "a framework that register/guard does not fit": {
    args: ["--import", "mcp-native-auth/register/guard"],
    files: framework(
      "export class APIKeyAuthProvider {} export class JWTAuthProvider {} export class MCPServer {}",
    ),
    source: `import "mcp-framework";`,
  },
  "a server without the framework": { args: SWITCH, source: SERVER },
  "a server without the framework, strict": { args: STRICT, source: SERVER },
  "a child process without the switch": { args: SWITCH, source: CHILD },
  "a child process without the switch, strict": { args: STRICT, source: CHILD },
};

const RECORD = `process.on("warning", ({ code, message }) => console.log("\\n" + JSON.stringify([code, message])));
  process.on("uncaughtExceptionMonitor", ({ code, message }) => console.log("\\n" + JSON.stringify([code, message])));`;

const shared = new Map();

/** A project with the package as packed, for all programs with the same packages beside it. */
function projectFor(files, installed = {}, spoil) {
  const own = Object.keys(files).filter((name) => name.startsWith("node_modules/"));
  const key = String([spoil === undefined, installed.dependencies, ...own]);
  if (!shared.has(key)) {
    shared.set(key, project({}, installed));
  }
  return shared.get(key);
}

/** What a program before this one may have spoiled. */
function restore(installed) {
  const packed = path.join(projectFor({}), "node_modules/mcp-native-auth");
  for (const part of ["native", "scripts", "package.json"]) {
    rmSync(path.join(installed, part), { recursive: true, force: true });
    cpSync(path.join(packed, part), path.join(installed, part), { recursive: true });
  }
}

describe("messages", () => {
  before(async () => {
    for (const mistake of MISTAKES) {
      await fails(mistake);
    }
  });

  for (const [name, act] of Object.entries(WARNED)) {
    it(`${name}: is warned of as the page quotes`, async (t) => {
      const warnings = [];
      t.mock.method(process, "emitWarning", (message, { code }) => warnings.push([code, message]));
      await act();
      await turnOfTheLoop();
      assert.equal(warnings.length, 1, inspect(warnings));
      happened.push(...warnings);
    });
  }

  for (const [name, { files = {}, args = [], installed, source, spoil }] of Object.entries(PROGRAMS)) {
    it(`${name}: says what the page quotes`, () => {
      const folder = projectFor(files, installed, spoil);
      for (const [file, content] of Object.entries({ "record.cjs": RECORD, "main.mjs": source, ...files })) {
        mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
        writeFileSync(path.join(folder, file), content);
      }
      if (spoil !== undefined) {
        const own = path.join(folder, "node_modules/mcp-native-auth");
        restore(own);
        spoil(own);
      }
      const child = spawnSync(process.execPath, ["--require", "./record.cjs", ...args, "main.mjs"], {
        cwd: folder,
        env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" },
        encoding: "utf8",
      });
      const said = child.stdout
        .split("\n")
        .filter((line) => line.startsWith("["))
        .map((line) => JSON.parse(line))
        // What `register/strict` says when it ends the process.
        .concat(
          [...child.stderr.matchAll(/^mcp-native-auth: (.+) \[(ERR_\w+)\]$/gm)].map(([, text, code]) => [
            code,
            text,
          ]),
        )
        .filter(([code]) => code?.startsWith(ERROR) || code?.startsWith(WARNING));
      assert.equal(said.length, 1, child.stdout + child.stderr);
      happened.push(...said);
    });
  }

  it("all that was said is quoted under its code", () => {
    const isQuoted = ([code, message]) =>
      documented.get(code)?.messages.some((quoted) => pattern(quoted).test(message));
    assert.deepEqual(
      happened.filter((said) => !isQuoted(said)),
      [],
    );
  });

  it("all that is quoted was said", () => {
    const quoted = [...documented].flatMap(([code, { messages }]) => messages.map((text) => [code, text]));
    const wasSaid = ([code, text]) =>
      happened.some((said) => said[0] === code && pattern(text).test(said[1]));
    assert.deepEqual(
      quoted.filter((one) => !wasSaid(one)),
      [],
    );
  });

  it("of the build are those of its script", () => {
    const [, text] = sections(page, 2).find(([heading]) => heading === "Installing and building");
    const quoted = [...text.matchAll(/^> (.+)$/gm)].map(([, message]) => message);
    assert.equal(quoted.length, 2);
    for (const message of quoted) {
      assert.ok(read("scripts/addon.js").includes(`"${message}"`), message);
    }
  });
});

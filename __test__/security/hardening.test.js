/** Each of these was found by attack: an input or surrounding that once got the better of the package. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { describe, it } from "node:test";
import { JWTAuthProvider as FrameworkProvider } from "mcp-framework";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { project, temporaryFolder } from "../support/project.js";

const USE = `
  import { APIKeyAuthProvider } from "mcp-native-auth";
  const provider = new APIKeyAuthProvider({ keys: ["9uZ4tXq7LwRk2VbNc8Hd"] });
  await new Promise((resolve) => setTimeout(resolve, 50));
  console.log(await provider.authenticate({ headers: { "x-api-key": "9uZ4tXq7LwRk2VbNc8Hd" } }));`;

/** A folder in which a foreign `mcp-framework` waits to be loaded. */
function trap() {
  const folder = temporaryFolder("trap");
  const module = path.join(folder, "node_modules", "mcp-framework");
  mkdirSync(module, { recursive: true });
  writeFileSync(path.join(module, "package.json"), '{ "type": "module", "exports": "./index.js" }');
  writeFileSync(path.join(module, "index.js"), 'console.log("TRAPPED"); export class APIKeyAuthProvider {}');
  return folder;
}

function node(args, options) {
  const env = { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", env, ...options });
  return { status, stdout, stderr };
}

describe("the framework is looked up only where the application's imports would find it", () => {
  it("not in the working directory, be the framework absent or the script given as a folder", () => {
    const folder = project({ "index.mjs": USE, "package.json": '{ "type": "module", "main": "index.mjs" }' });
    for (const script of [path.join(folder, "index.mjs"), folder]) {
      assert.deepEqual(node([script], { cwd: trap() }), { status: 0, stdout: "true\n", stderr: "" });
    }
  });

  it("not beside what the user names on the command line of an evaluated script", () => {
    const folder = project({});
    const script = USE.replace(
      '"mcp-native-auth"',
      JSON.stringify(path.join(folder, "node_modules/mcp-native-auth/index.js")),
    );
    const argument = path.join(trap(), "file.txt");
    writeFileSync(argument, "");
    const run = node(["--input-type=module", "--eval", script, argument], { cwd: folder });
    assert.deepEqual(run, { status: 0, stdout: "true\n", stderr: "" });
  });

  it("and a script given as a folder finds the application's", () => {
    const main = `${USE}
      import * as framework from "mcp-framework";
      console.log(provider instanceof framework.APIKeyAuthProvider);`;
    const manifest = '{ "type": "module", "main": "index.mjs" }';
    for (const linked of [false, true]) {
      const folder = project(
        { "index.mjs": main, "package.json": manifest },
        { dependencies: ["mcp-framework"], linked },
      );
      assert.equal(node([folder], { cwd: trap() }).stdout, "true\ntrue\n");
    }
  });

  it("whatever stands in process.argv[1]", () => {
    const folder = project({ "main.mjs": "" });
    for (const argument of ["-", "relative", "/does/not/exist", "\0", ""]) {
      const main = `process.argv[1] = ${JSON.stringify(argument)}; await import("./use.mjs");`;
      writeFileSync(path.join(folder, "main.mjs"), main);
      writeFileSync(path.join(folder, "use.mjs"), USE);
      assert.deepEqual(node([path.join(folder, "main.mjs")]), { status: 0, stdout: "true\n", stderr: "" });
    }
  });

  it("a frozen prototype is recognized all the same", () => {
    const main = `${USE.replace("const provider", "Object.freeze(APIKeyAuthProvider.prototype); const provider")}
      import * as framework from "mcp-framework";
      console.log(provider instanceof framework.APIKeyAuthProvider);
      await new Promise((resolve) => setTimeout(resolve, 50));
      console.log(provider instanceof framework.APIKeyAuthProvider);`;
    const folder = project({ "main.mjs": main }, { dependencies: ["mcp-framework"] });
    const { status, stdout, stderr } = node([path.join(folder, "main.mjs")]);
    assert.deepEqual({ status, stdout }, { status: 0, stdout: "true\ntrue\ntrue\n" });
    assert.doesNotMatch(stderr, /MCP_NATIVE_AUTH_/);
  });

  it("a link made by hand is not undone", () => {
    const main = `
      import { APIKeyAuthProvider, linkFramework } from "mcp-native-auth";
      const early = new APIKeyAuthProvider({ keys: ["k1"] });
      const mine = { APIKeyAuthProvider: class {}, JWTAuthProvider: class {} };
      console.log(linkFramework(mine));
      await new Promise((resolve) => setTimeout(resolve, 200));
      console.log(early instanceof mine.APIKeyAuthProvider);`;
    const folder = project({ "main.mjs": main }, { dependencies: ["mcp-framework"] });
    assert.equal(node([path.join(folder, "main.mjs")]).stdout, "true\ntrue\n");
  });
});

describe("the challenge", () => {
  const jwt = new JWTAuthProvider({ secret: "s".repeat(32) });
  const keys = new APIKeyAuthProvider({ keys: ["k1"] });

  /** What a server answers that asks the token provider first and the key provider then. */
  async function answer(authorization) {
    const server = http.createServer(async (req, res) => {
      const isIn = (await jwt.authenticate(req)) || (await keys.authenticate(req));
      res.statusCode = isIn ? 200 : 401;
      res.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    const [response] = await once(http.get({ port, headers: { authorization }, agent: false }), "response");
    response.resume();
    await once(response, "end");
    server.close();
    return [response.statusCode, response.headers["www-authenticate"]];
  }

  it("goes with a 401 only", async () => {
    assert.deepEqual(await answer("Bearer k1"), [200, undefined]);
    assert.deepEqual(await answer("Bearer k2"), [401, 'Bearer realm="MCP Server", error="invalid_token"']);
  });

  it("names an error only if a Bearer credential came", async () => {
    assert.deepEqual(await answer("Basic azE6azE="), [401, 'Bearer realm="MCP Server"']);
    assert.deepEqual(await answer("bearer k1"), [401, 'Bearer realm="MCP Server", error="invalid_token"']);
  });

  it("survives foreign messages on Node's channel", () => {
    for (const message of [
      undefined,
      null,
      {},
      { request: 5 },
      { request: null, response: null },
      { request: Object.freeze({}) },
    ]) {
      diagnostics.channel("http.server.request.start").publish(message);
    }
  });
});

describe("key material", () => {
  const pair = () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return {
      publicKey: publicKey.export({ type: "spki", format: "pem" }),
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }),
      sec1: privateKey.export({ type: "sec1", format: "pem" }),
      token: (() => {
        const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
        const input = `${encode({ alg: "ES256", typ: "JWT" })}.${encode({ sub: "a" })}`;
        const signature = sign("sha256", Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
        return `${input}.${signature.toString("base64url")}`;
      })(),
    };
  };
  const [a, b] = [pair(), pair()];
  const oneLine = (pem) => pem.replaceAll("\n", "");

  const texts = {
    "a block on one line, then a good one": `# retired: ${oneLine(a.publicKey)}\n${b.publicKey}`,
    "an indented block, then a good one": a.publicKey.replace(/^(?=.)/gm, "  ") + b.publicKey,
    "a commented block, then a good one": a.publicKey.replace(/^(?=.)/gm, "# ") + b.publicKey,
    "SEC1, then PKCS#8": b.sec1 + a.privateKey,
    "PKCS#8, then SEC1": b.privateKey + a.sec1,
    "text between": `${b.publicKey}some text\n${a.publicKey}`,
  };
  for (const [name, secret] of Object.entries(texts)) {
    it(`of ${name}, the one that the framework takes counts`, async () => {
      const verdicts = async (Provider) => {
        const provider = new Provider({ secret, algorithms: ["ES256"] });
        const accepts = async ({ token }) =>
          Boolean(await provider.authenticate({ headers: { authorization: `Bearer ${token}` }, socket: {} }));
        return [await accepts(a), await accepts(b)];
      };
      assert.deepEqual(await verdicts(JWTAuthProvider), await verdicts(FrameworkProvider));
      assert.deepEqual(await verdicts(JWTAuthProvider), [false, true]);
    });
  }

  it("of two damaged blocks, none", () => {
    const secret = oneLine(a.publicKey) + oneLine(b.publicKey);
    assert.throws(() => new JWTAuthProvider({ secret, algorithms: ["ES256"] }), /several damaged blocks/);
  });

  const der = createPublicKey(a.publicKey).export({ type: "spki", format: "der" });
  const disguises = {
    "spaces removed": a.publicKey.replaceAll(" ", ""),
    "spaces as underscores": a.publicKey.replaceAll(" ", "_"),
    "spaces as plus signs": a.publicKey.replaceAll(" ", "+"),
    "percent-encoded": encodeURIComponent(a.publicKey),
    "in base64": Buffer.from(a.publicKey).toString("base64"),
    "in base64url": Buffer.from(a.publicKey).toString("base64url"),
    "in hexadecimal": Buffer.from(a.publicKey).toString("hex"),
    "in UTF-16": Buffer.from(a.publicKey, "utf16le"),
    "in lower case": a.publicKey.toLowerCase(),
    "without its BEGIN line": a.publicKey.replace(/^.*\n/, ""),
    "without its END line": a.publicKey.replace(/-----END.*\n$/, ""),
    DER: der,
    "DER and a newline": Buffer.concat([der, Buffer.from("\n")]),
    "DER in hexadecimal": der.toString("hex"),
    // Found by `npm run fuzz`: what `xxd -p` prints was taken for a secret.
    "DER in hexadecimal in lines": der.toString("hex").replaceAll(/.{60}/g, "$&\n"),
    "DER in hexadecimal in pairs": der.toString("hex").toUpperCase().replaceAll(/..\B/g, "$& "),
    "DER in hexadecimal with colons": `0x${der.toString("hex").replaceAll(/..\B/g, "$&:")}`,
    "DER in base64": der.toString("base64"),
    "DER in base64 in quotation marks": `"${der.toString("base64")}"`,
    "JWK text with a byte order mark": `\ufeff{"kty":"EC"}`,
    "JWK text in an array": '[{"kty":"EC"}]',
  };
  for (const [name, secret] of Object.entries(disguises)) {
    it(`a public key ${name} is no HMAC secret`, () => {
      assert.throws(() => new JWTAuthProvider({ secret }), { code: /^ERR_MCP_AUTH_(SECRET|ALGORITHMS)_/ });
    });
  }

  it("text that only resembles a key stays a secret", () => {
    for (const secret of [
      "M".repeat(64),
      "deadbeef".repeat(8),
      "-----BEGIN SECRET-----",
      "[1]",
      '"quoted"',
      "BEGIN PUBLIC KEY",
    ]) {
      assert.ok(new JWTAuthProvider({ secret }));
    }
  });

  it("a JWK is read as leniently as Node reads it", async () => {
    const jwk = createPublicKey(a.publicKey).export({ format: "jwk" });
    const padded = { ...jwk, x: `${jwk.x}=`, y: Buffer.from(jwk.y, "base64url").toString("base64") };
    const zeros = {
      ...jwk,
      x: Buffer.concat([Buffer.alloc(2), Buffer.from(jwk.x, "base64url")]).toString("base64url"),
    };
    for (const key of [padded, zeros]) {
      for (const Provider of [FrameworkProvider, JWTAuthProvider]) {
        const provider = new Provider({ secret: { key, format: "jwk" }, algorithms: ["ES256"] });
        const { data } = await provider.authenticate({ headers: { authorization: `Bearer ${a.token}` } });
        assert.deepEqual(data, { sub: "a" });
      }
    }
  });

  it("an Ed25519 key of small order, under which anybody can sign, is rejected", () => {
    for (const first of [0, 1]) {
      for (const last of [0, 0x80]) {
        const point = Buffer.alloc(32);
        point[0] = first;
        point[31] = last;
        const secret = { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") };
        assert.throws(() => new JWTAuthProvider({ secret, algorithms: ["EdDSA"] }), /small order/);
      }
    }
  });

  it("an EC key with explicit parameters and a compressed point is rejected as PEM", () => {
    const secret = [
      "-----BEGIN PUBLIC KEY-----",
      "MIIBCjCB4wYHKoZIzj0CATCB1wIBATAsBgcqhkjOPQEBAiEA/////wAAAAEAAAAA",
      "AAAAAAAAAAD///////////////8wWwQg/////wAAAAEAAAAAAAAAAAAAAAD/////",
      "//////////wEIFrGNdiqOpPns+u9VXaYhrxlHQawzFOw9jvOPD4n0mBLAxUAxJ02",
      "CIbnBJNqZnjhE50mt4GffpAEIQNrF9Hy4SxCR/i85uVjpEDydwN9gS3rM6D0oTlF",
      "2JjClgIhAP////8AAAAA//////////+85vqtpxeehPO5ysL8YyVRAgEBAyIAAj7g",
      "331FQzNH3Nm3savHQ1jNUY3ROsB7o1vo+DvyqvHd",
      "-----END PUBLIC KEY-----",
    ].join("\n");
    assert.throws(() => new JWTAuthProvider({ secret, algorithms: ["ES256"] }), {
      code: "ERR_MCP_AUTH_SECRET_UNSUITABLE",
    });
    assert.ok(new FrameworkProvider({ secret, algorithms: ["ES256"] }));
  });

  it("long text full of BEGIN is told in linear time", () => {
    const started = performance.now();
    assert.ok(new JWTAuthProvider({ secret: `-${"BEGIN ".repeat(500_000)}` }));
    for (const label of ["PUBLIC KEY", "KEY"]) {
      for (const separator of ["\n", " "]) {
        const secret = `-----BEGIN ${label}-----${separator}`.repeat(100_000);
        assert.throws(() => new JWTAuthProvider({ secret }), { code: "ERR_MCP_AUTH_SECRET_UNREADABLE" });
      }
    }
    assert.ok(performance.now() - started < 5_000);
  });

  it("what cannot be read ends in the documented error", () => {
    const detached = new ArrayBuffer(32);
    const view = new Uint8Array(detached);
    structuredClone(detached, { transfer: [detached] });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const secrets = [
      detached,
      view,
      proxy,
      { get kty() { throw new Error("hunter2"); } }, // biome-ignore format: one line
      { kty: "oct", get k() { throw new Error("hunter2"); } }, // biome-ignore format: one line
    ];
    for (const secret of secrets) {
      assert.throws(
        () => new JWTAuthProvider({ secret }),
        (error) => error.code.startsWith("ERR_MCP_AUTH_SECRET") && !error.message.includes("hunter2"),
      );
    }
    assert.throws(() => new JWTAuthProvider(proxy), { code: "ERR_MCP_AUTH_OPTION_INVALID" });
  });
});

describe("surroundings", () => {
  it("a proxy of a provider, or an object that inherits from one, lets nobody in", async () => {
    const provider = new APIKeyAuthProvider({ keys: ["k1"] });
    const jwt = new JWTAuthProvider({ secret: "s".repeat(32), requireBearer: false });
    for (const disguise of [(object) => new Proxy(object, {}), Object.create]) {
      assert.equal(await disguise(provider).authenticate({ headers: { "x-api-key": "k1" } }), false);
      assert.equal(await disguise(jwt).authenticate({ headers: { authorization: "a.b.c" } }), false);
    }
  });

  it("an option on Object.prototype is none", async () => {
    Object.prototype.headerName = "x-polluted";
    Object.prototype.queryFallback = false;
    try {
      const provider = new APIKeyAuthProvider({ keys: ["k1"] });
      assert.equal(provider.getHeaderName(), "X-API-Key");
      assert.equal(await provider.authenticate({ headers: {}, url: "/?api_key=k1" }), true);
    } finally {
      delete Object.prototype.headerName;
      delete Object.prototype.queryFallback;
    }
  });

  it("keys are read by index, whatever the array's iterator says", async () => {
    const keys = ["k1"];
    keys[Symbol.iterator] = function* () {
      yield "k2";
    };
    const provider = new APIKeyAuthProvider({ keys });
    assert.equal(await provider.authenticate({ headers: { "x-api-key": "k1" } }), true);
    assert.equal(await provider.authenticate({ headers: { "x-api-key": "k2" } }), false);
  });

  it("a host that is not ASCII does not hide the query, however often it was asked", async () => {
    const provider = new APIKeyAuthProvider({ keys: ["k1"] });
    let accepted = 0;
    for (let n = 0; n < 20_000; n += 1) {
      accepted += await provider.authenticate({ headers: { host: "\u00e9" }, url: "/?api_key=k1" });
    }
    assert.equal(accepted, 20_000);
  });

  it("a name in `algorithms` that is not an algorithm's is not printed", async () => {
    const warned = new Promise((resolve) => {
      process.on(
        "warning",
        (warning) => warning.code === "MCP_NATIVE_AUTH_UNUSABLE_ALGORITHMS" && resolve(warning),
      );
    });
    new JWTAuthProvider({ secret: "s".repeat(32), algorithms: ["HS256", "hunter2-secret", "RS256"] });
    const { message } = await warned;
    assert.match(message, /: no configured key can verify algorithms\[1\], RS256 of `algorithms`, /);
  });
});

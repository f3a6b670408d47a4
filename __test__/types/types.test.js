/** The types as a consumer's compiler sees them, and a TypeScript project that changes one import or is run under the switch. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { before, describe, it } from "node:test";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import jsonwebtoken from "jsonwebtoken";
import ts from "typescript";
import { freePort } from "../support/free-port.js";
import { MECHANISM_FILES, MECHANISMS } from "../support/hook-mechanisms.js";
import { checkout, project } from "../support/project.js";

const types = import.meta.dirname;

/** Declaration files by what they are parsed as: most are the same in each of the programs. */
const declarationFiles = new Map();

function programOf(files, options) {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, as, ...rest) => {
    if (!/\.d\.[cm]?ts$/.test(name)) {
      return getSourceFile(name, as, ...rest);
    }
    const key = `${name} ${as.languageVersion} ${as.impliedNodeFormat}`;
    if (!declarationFiles.has(key)) {
      declarationFiles.set(key, getSourceFile(name, as, ...rest));
    }
    return declarationFiles.get(key);
  };
  return ts.createProgram(
    [files].flat(),
    { target: ts.ScriptTarget.ES2022, types: ["node"], ...options },
    host,
  );
}

/** What a strict compiler finds in files that do not depend on each other; `isChecked` leaves out files. */
function errorsOf(files, resolution, isChecked = () => true) {
  const program = programOf(files, {
    strict: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: true,
    ...resolution,
  });
  const checked = program.getSourceFiles().filter(({ fileName }) => isChecked(fileName));
  assert.notEqual(checked.length, 0);
  const found = checked.flatMap((source) => ts.getPreEmitDiagnostics(program, source));
  return ts.sortAndDeduplicateDiagnostics(found).map(({ file: source, start, messageText }) => ({
    line: source === undefined ? 0 : source.getLineAndCharacterOfPosition(start).line + 1,
    file: source?.fileName,
    message: ts.flattenDiagnosticMessageText(messageText, " "),
  }));
}

const NODE_NEXT = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
const RESOLUTIONS = {
  NodeNext: NODE_NEXT,
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
  exactOptionalPropertyTypes: { ...NODE_NEXT, exactOptionalPropertyTypes: true },
};

for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
  describe(`types, ${name}`, () => {
    const wrongUses = path.join(types, "wrong-uses.ts");
    let errors;
    before(() => {
      errors = errorsOf([path.join(types, "consumer.ts"), wrongUses], resolution);
    });

    it("right uses compile under strict, next to the framework's own types", () => {
      assert.deepEqual(
        errors.filter(({ file }) => file !== wrongUses),
        [],
      );
    });

    it("each stack takes what requireAuth gives", () => {
      assert.deepEqual(errorsOf(path.join(types, "stacks.ts"), resolution), []);
    });

    it("each wrong use is an error that names the option in question", () => {
      const marked = readFileSync(wrongUses, "utf8")
        .split("\n")
        .flatMap((text, index) => {
          const [mark, option] = /\/\/ wrong(?:: (\w+))?$/.exec(text) ?? [];
          return mark === undefined ? [] : [{ line: index + 1, option }];
        });
      const found = errors.filter(({ file }) => file === wrongUses);
      assert.deepEqual(
        [...new Set(found.map(({ line }) => line))].sort((a, b) => a - b),
        marked.map(({ line }) => line),
      );
      for (const { line, option } of marked.filter((mark) => mark.option !== undefined)) {
        const messages = found.filter((error) => error.line === line).map(({ message }) => message);
        assert.ok(
          messages.some((message) => message.includes(`'${option}'`)),
          `line ${line}: ${messages}`,
        );
      }
      assert.ok(marked.length >= 40);
    });
  });
}

it("the declarations themselves hold without skipLibCheck", () => {
  const options = { ...NODE_NEXT, skipLibCheck: false };
  const isOwn = (file) => !file.includes("node_modules");
  assert.deepEqual(errorsOf(path.join(checkout, "index.d.ts"), options, isOwn), []);
});

it("the declarations do not depend on the version of @types/node", () => {
  // A missing type would be `any` and check nothing. From 25 on, `JsonWebKey` is missing.
  const folder = project({
    "node_modules/@types/node/index.d.ts": `
      declare module "node:crypto" { export class KeyObject { type: string } }
      declare module "node:http" {
        export class IncomingMessage { url?: string }
        export class ServerResponse { statusCode: number }
      }
      declare module "node:url" { export class URL { href: string } }
      interface Request { url: string }
      interface Response { status: number }
      interface Buffer extends Uint8Array {}
      interface AbortSignal {}`,
    "main.ts": `
      import { JWTAuthProvider } from "mcp-native-auth";
      declare const exported: { kty?: string; n?: string; e?: string; key_ops?: string[] };
      new JWTAuthProvider({ secret: exported });
      new JWTAuthProvider({ keys: { keys: [exported] } });
      // @ts-expect-error
      new JWTAuthProvider({ secret: 5 });
      // @ts-expect-error
      new JWTAuthProvider({ secret: () => "x" });`,
  });
  const options = {
    ...NODE_NEXT,
    typeRoots: [path.join(folder, "node_modules/@types")],
    skipLibCheck: false,
  };
  const isOwn = (file) => file.startsWith(folder);
  const errors = errorsOf(path.join(folder, "main.ts"), { ...options, lib: ["lib.es2022.d.ts"] }, isOwn);
  assert.deepEqual(errors, []);
});

for (const declarations of ["index.d.ts", "index.d.cts"]) {
  it(`${declarations} names exactly the exports that there are`, async () => {
    const program = programOf(path.join(checkout, declarations), NODE_NEXT);
    const checker = program.getTypeChecker();
    const source = program.getSourceFile(path.join(checkout, declarations));
    const values = checker
      .getExportsOfModule(checker.getSymbolAtLocation(source))
      .filter(({ flags }) => flags & ts.SymbolFlags.Value)
      .map((symbol) => symbol.name);
    assert.deepEqual(values.sort(), Object.keys(await import("mcp-native-auth")).sort());
  });
}

it("the declarations for CommonJS are those for modules, under module: node16 too", () => {
  const folder = project(
    {
      "package.json": "{}",
      "main.ts": `
        import { APIKeyAuthProvider, type APIKeyConfig, type AuthResult, JWTAuthProvider } from "mcp-native-auth";
        const config: APIKeyConfig = { keys: ["k1"] };
        const provider: APIKeyAuthProvider = new APIKeyAuthProvider(config);
        export const verdict: Promise<boolean | AuthResult> = provider.authenticate({ headers: {} } as never);
        // @ts-expect-error
        new JWTAuthProvider({ secret: 5 });`,
    },
    { dependencies: ["@types/node"] },
  );
  const node16 = { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 };
  const options = { ...node16, skipLibCheck: false };
  const isOwn = (file) => file.startsWith(folder);
  assert.deepEqual(errorsOf(path.join(folder, "main.ts"), options, isOwn), []);
});

describe("declarations", () => {
  const text = readFileSync(path.join(checkout, "index.d.ts"), "utf8");
  const { statements } = ts.createSourceFile("index.d.ts", text, ts.ScriptTarget.ES2022, true);

  it("accept undefined and null for each optional option", () => {
    const accepted = statements
      .filter((each) => ts.isInterfaceDeclaration(each) && /(Options|Config|Entry)$/.test(each.name.text))
      // Passed to the framework, whose type has no null.
      .filter((each) => each.name.text !== "AuthConfig")
      .flatMap((each) => each.members.map((member) => [`${each.name.text}.${member.name.text}`, member]))
      .filter(([, member]) => member.questionToken !== undefined);
    assert.ok(accepted.length >= 35);
    assert.deepEqual(
      accepted.filter(([, { type }]) => !/\bnull\s+\| undefined$/.test(type.getText())).map(([name]) => name),
      [],
    );
  });

  it("name no error code that ConfigurationError lacks", () => {
    const declared = [...text.matchAll(/\| "(ERR_MCP_AUTH_\w+)"/g)].map(([, code]) => code);
    const named = [...text.matchAll(/`(ERR_MCP_AUTH_\w*\w)`/g)].map(([, code]) => code);
    assert.ok(named.length >= 40);
    assert.deepEqual(
      named.filter((code) => !declared.includes(code)),
      [],
    );
  });

  it("have an example of each class and function that compiles under strict", () => {
    const examples = (node) =>
      ts
        .getJSDocTags(node)
        .filter(({ tagName }) => tagName.text === "example")
        .map(({ comment }) => /```ts\n(.*)```$/s.exec(ts.getTextOfJSDocComment(comment))[1]);
    const shown = statements.filter((each) => ts.isClassDeclaration(each) || ts.isFunctionDeclaration(each));
    assert.deepEqual(
      shown.filter((each) => examples(each).length === 0).map((each) => each.name.text),
      [],
    );
    const codes = shown.flatMap((each) => [each, ...(each.members ?? [])].flatMap(examples));
    const files = Object.fromEntries(codes.map((code, index) => [`example-${index}.ts`, code]));
    const folder = project(
      { ...files, "package.json": `{ "type": "module" }` },
      { dependencies: ["mcp-framework", "@modelcontextprotocol/sdk", "zod", "@types/node"] },
    );
    const paths = Object.keys(files).map((file) => path.join(folder, file));
    const errors = errorsOf(paths, RESOLUTIONS.exactOptionalPropertyTypes);
    assert.deepEqual(errors, [], errors.map(({ file }) => readFileSync(file, "utf8")).join("\n"));
  });
});

describe("a TypeScript project of mcp-framework", () => {
  const fixture = path.join(import.meta.dirname, "../support/typescript-project");
  const read = (file) => readFileSync(path.join(fixture, file), "utf8");
  const auth = read("src/auth.ts");
  const switched = auth.replace('from "mcp-framework"', 'from "mcp-native-auth"');
  assert.notEqual(switched, auth);

  const secret = "Zq81-0f8d27c61be94a7350d2c8f1e6a3b975";
  const claims = { sub: "alice", exp: 4_102_444_800 };
  const bearer = (...signing) => ({ Authorization: `Bearer ${jsonwebtoken.sign(claims, ...signing)}` });
  const good = bearer(secret, { noTimestamp: true });
  const bad = bearer("another secret");
  const critical = bearer(secret, { header: { crit: ["pact"], pact: true } });

  /** The project as compiled, with nothing of its source changed but the module that one import names. */
  const compiled = (authModule) => {
    const folder = project(
      {
        ...MECHANISM_FILES,
        "src/auth.ts": authModule,
        "src/index.ts": read("src/index.ts"),
        "package.json": read("package.json"),
        "tsconfig.json": read("tsconfig.json"),
      },
      { dependencies: ["mcp-framework", "@modelcontextprotocol/sdk", "zod", "@types/node"] },
    );
    const config = ts.getParsedCommandLineOfConfigFile(path.join(folder, "tsconfig.json"), {}, ts.sys);
    const program = programOf(config.fileNames, config.options);
    const errors = [...config.errors, ...ts.getPreEmitDiagnostics(program)];
    assert.deepEqual(
      errors.map(({ messageText }) => messageText),
      [],
    );
    program.emit();
    assert.deepEqual(readdirSync(path.join(folder, "dist")).sort(), ["auth.js", "index.js"]);
    return folder;
  };

  const folders = {};
  before(() => {
    folders.asItStands = compiled(auth);
    folders.changed = compiled(switched);
  });

  it("as it stands: accepts and rejects, logs the key, and takes a token with `crit`", async () => {
    const run = (kind, use) => served(folders.asItStands, [], [kind, secret], use);
    const log = await run("api-key", acceptsTheKey);
    assert.ok(log.includes(secret));
    await run("jwt", async (url) => {
      await acceptsTheToken(url);
      assert.equal((await opened(url, critical)).status, 200);
    });
  });

  const ours = { "with the import changed": ["changed", []] };
  for (const [mechanism, args] of Object.entries(MECHANISMS)) {
    ours[`under the switch, ${mechanism}`] = [
      "asItStands",
      [...args, "--import", "mcp-native-auth/register"],
    ];
  }
  for (const [name, [folder, args]] of Object.entries(ours)) {
    it(`${name}: accepts and rejects, with challenges; no key is logged, no token with \`crit\` taken`, async () => {
      const run = (kind, use) => served(folders[folder], args, [kind, secret], use);
      const keyLog = await run("api-key", async (url) => {
        await acceptsTheKey(url);
        const challenge = 'ApiKey realm="MCP Server", header="X-API-Key"';
        assert.deepEqual(await opened(url, {}), { status: 401, challenge });
        assert.deepEqual(await opened(url, { "X-API-Key": "wrong" }), { status: 401, challenge });
        assert.deepEqual(await opened(url, { "X-API-Key": secret }), { status: 200, challenge: null });
      });
      const tokenLog = await run("jwt", async (url) => {
        await acceptsTheToken(url);
        const challenge = 'Bearer realm="MCP Server"';
        const invalid = `${challenge}, error="invalid_token"`;
        assert.deepEqual(await opened(url, {}), { status: 401, challenge });
        assert.deepEqual(await opened(url, good), { status: 200, challenge: null });
        assert.deepEqual(await opened(url, critical), { status: 401, challenge: invalid });
      });
      assert.match(keyLog, /\[DEBUG\]/);
      for (const log of [keyLog, tokenLog]) {
        assert.ok(!log.includes(secret) && !log.includes(good.Authorization.slice(-20)), log);
        assert.doesNotMatch(log, /MCP_NATIVE_AUTH/);
      }
    });
  }

  async function acceptsTheKey(url) {
    assert.deepEqual(await whoami(url, { "X-API-Key": secret }), { greeting: "hi", context: {} });
    await assert.rejects(whoami(url, { "X-API-Key": "wrong" }), /401/);
    await assert.rejects(whoami(url, {}), /401/);
  }

  async function acceptsTheToken(url) {
    assert.deepEqual(await whoami(url, good), { greeting: "hi", context: claims });
    await assert.rejects(whoami(url, bad), /401/);
  }
});

/** Runs the compiled project while `use` does, and gives what it logged. */
async function served(folder, execArgv, args, use) {
  const port = await freePort();
  const child = spawn(process.execPath, [...execArgv, "dist/index.js", String(port), ...args], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "", MCP_DEBUG_CONSOLE: "true" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk) => {
    log += chunk;
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  try {
    const deadline = Date.now() + 20_000;
    while (!log.includes("listening on")) {
      assert.ok(child.exitCode === null && Date.now() < deadline, `the server did not start:\n${log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await use(new URL(`http://127.0.0.1:${port}/sse`));
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  return log;
}

/** Status and challenge of a request for an event stream, which is left as soon as it opens. */
async function opened(url, headers) {
  const left = new AbortController();
  const response = await fetch(url, { headers, signal: left.signal });
  const challenge = response.headers.get("www-authenticate");
  left.abort();
  return { status: response.status, challenge };
}

/** What the tool answers to the official client with these headers on every request. */
async function whoami(url, headers) {
  const client = new Client({ name: "test", version: "1.0.0" });
  const transport = new SSEClientTransport(url, {
    requestInit: { headers },
    eventSourceInit: {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...headers, Accept: "text/event-stream" } }),
    },
  });
  try {
    await client.connect(transport);
    const { content } = await client.callTool({ name: "whoami", arguments: { greeting: "hi" } });
    return JSON.parse(content[0].text);
  } finally {
    await client.close();
  }
}

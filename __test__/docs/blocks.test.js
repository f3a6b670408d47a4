/**
 * The documentation: every code block is run or checked, every link leads somewhere. What is done with a block is
 * told by the words after its fence; CONTRIBUTING.md lists them.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import jsonwebtoken from "jsonwebtoken";
import ts from "typescript";
import { freePort } from "../support/free-port.js";
import { INITIALIZE, initialize } from "../support/initialize.js";
import { anchors, blocks, links, prose, sections } from "../support/markdown.js";
import { checkout, project, temporaryFolder } from "../support/project.js";
import { runModules } from "../support/run-modules.js";

const PAGES = [
  ...["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"],
  ...readdirSync(path.join(checkout, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const TESTS = readdirSync(path.join(checkout, "__test__"), { recursive: true });
const read = (page) => readFileSync(path.join(checkout, page), "utf8");
const manifest = JSON.parse(read("package.json"));
/** The package's own commands, by name. */
const commandsOfOurs = manifest.bin ?? {};

// What blocks find in their environment.
const API_KEY = "key-of-the-documentation-5b1f";
const SECOND_API_KEY = "second-key-of-the-documentation-19aa";
const JWT_SECRET = "secret-of-the-documentation-84c2e07a";
const { publicKey, privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});
const claims = { sub: "alice", exp: 4_102_444_800 };
const TOKEN = jsonwebtoken.sign(claims, JWT_SECRET);
const CREDENTIALS = [
  { "X-API-Key": API_KEY },
  { Authorization: `Bearer ${TOKEN}` },
  { Authorization: `Bearer ${jsonwebtoken.sign(claims, privateKey, { algorithm: "RS256" })}` },
];
const WRONG = [{}, { "X-API-Key": `${API_KEY}x` }, { Authorization: `Bearer ${TOKEN.slice(0, -4)}AAAA` }];

let credentials;

function environment() {
  if (credentials === undefined) {
    credentials = temporaryFolder("credentials");
    writeFileSync(path.join(credentials, "api-keys"), `${API_KEY}\n${SECOND_API_KEY}\n`);
  }
  return {
    ...process.env,
    NODE_OPTIONS: "",
    NODE_TEST_CONTEXT: "",
    API_KEY,
    SECOND_API_KEY,
    JWT_SECRET,
    JWT_PUBLIC_KEY: publicKey,
    TOKEN,
    CREDENTIALS_DIRECTORY: credentials,
  };
}

/** What `npm install zod@3` gives the project that the framework's generator makes, next to the package as packed. */
const INSTALLED = {
  dependencies: ["mcp-framework", "@modelcontextprotocol/sdk", "zod", "@types/node", "typescript"],
};
const EXTENSIONS = { js: "mjs", ts: "mts" };
/** Each block that must compile, by language and code: its module, and what the compiler says of it. */
const compiled = new Map();
/** What each module that was run wrote. */
let outcomes;
/** Declarations, for both languages. */
const parsed = new Map();
let folder;
let blockCount = 0;

/** Imports the servers of the blocks, each when it is told to, and calls the handlers. */
const HOST = `
  process.on("message", async ({ name, events = [] }) => {
    const { handler } = await import("./" + name);
    const statuses = [];
    for (const event of events) statuses.push((await handler(event, {})).statusCode);
    process.send(statuses);
  });`;

/**
 * A project as the framework's generator makes it, built: what a reader has who began with docs/getting-started.md,
 * whose test has it built by the compiler.
 */
function generatedProject() {
  const parent = temporaryFolder("generated");
  const cli = path.join(checkout, "node_modules", "mcp-framework", "dist", "cli", "index.js");
  const args = [cli, "create", "my-server", "--http", "--no-install"];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: parent, encoding: "utf8" });
  assert.equal(status, 0, stderr);
  const generated = (name) => readFileSync(path.join(parent, "my-server", name), "utf8");
  const files = { "package.json": generated("package.json") };
  for (const name of ["index", "tools/ExampleTool"]) {
    files[`dist/${name}.js`] = transpiled(generated(`src/${name}.ts`));
  }
  return project(files, INSTALLED);
}

function transpiled(source) {
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext };
  return ts.transpileModule(source, { compilerOptions }).outputText;
}

before(() => {
  folder = generatedProject();
  // As npm links them.
  for (const [name, file] of Object.entries(commandsOfOurs)) {
    const bin = path.join(folder, "node_modules", ".bin");
    mkdirSync(bin, { recursive: true });
    symlinkSync(path.join("..", manifest.name, file), path.join(bin, name));
  }
  const all = PAGES.flatMap((page) => blocks(read(page)));
  const sources = all.flatMap(sourcesOf);
  for (const language of Object.keys(EXTENSIONS)) {
    const codes = sources.filter(([of]) => of === language).map(([, code]) => code);
    compile(language, [...new Set(codes)]);
  }
  const toRun = all
    .filter(({ language, words: [word = ""] }) => language in EXTENSIONS && ["", "throws"].includes(word))
    .map(({ language, code }) => runnable(compiled.get(language + code).name));
  outcomes = runModules(folder, [...new Set(toRun)], environment());
});

/** Writes a block into the project as a module. */
function moduleOf(code, extension) {
  blockCount += 1;
  const name = `block-${blockCount}.${extension}`;
  // On one line, so that lines in messages are those of the block.
  writeFileSync(path.join(folder, name), `export {}; ${code}`);
  return name;
}

/** All blocks of a language at once: most of the work is to read and check the declarations. */
function compile(language, codes) {
  const names = codes.map((code) => moduleOf(code, EXTENSIONS[language]));
  const options = {
    allowJs: true,
    checkJs: true,
    strict: true,
    strictNullChecks: language === "ts",
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ["node"],
    typeRoots: [path.join(folder, "node_modules", "@types")],
    skipLibCheck: true,
  };
  const compilerHost = ts.createCompilerHost(options);
  const parse = compilerHost.getSourceFile;
  compilerHost.getSourceFile = (name, ...others) => {
    if (!parsed.has(name)) parsed.set(name, parse(name, ...others));
    return parsed.get(name);
  };
  const roots = names.map((name) => path.join(folder, name));
  const program = ts.createProgram(roots, options, compilerHost);
  const found = ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => ({
    of: file && path.basename(file.fileName),
    message: ts.flattenDiagnosticMessageText(messageText, " "),
  }));
  for (const [index, name] of names.entries()) {
    // What is wrong elsewhere is wrong for all of them.
    const errors = found.filter(({ of }) => of === name || !names.includes(of)).map(({ message }) => message);
    compiled.set(language + codes[index], { name, errors });
  }
}

/** What of a block must compile, as `[language, code]`. */
function sourcesOf({ language, words: [word = ""], code }) {
  if (language === "diff") {
    return ["- ", "+ "].map((marks) => ["ts", sideOf(code, marks)]);
  }
  return language in EXTENSIONS && word !== "recipe" && word !== "in" ? [[language, code]] : [];
}

/** A side of a diff. */
function sideOf(code, marks) {
  return code
    .split("\n")
    .filter((line) => marks.includes(line[0]))
    .map((line) => line.slice(1))
    .join("\n");
}

function checkTypes(code, language) {
  const { name, errors } = compiled.get(language + code);
  assert.deepEqual(errors, []);
  return name;
}

/** A module that Node can run, of one that was checked. */
function runnable(name) {
  if (!name.endsWith(".mts")) {
    return name;
  }
  const script = name.replace(/mts$/, "mjs");
  writeFileSync(path.join(folder, script), transpiled(readFileSync(path.join(folder, name), "utf8")));
  return script;
}

/** What a block that was run wrote to standard error. */
function logOf(code, language) {
  return outcomes.get(runnable(checkTypes(code, language))).stderr;
}

const SCRIPTS = {
  async types(code, language) {
    checkTypes(code, language);
  },
  async ""(code, language) {
    assert.equal(logOf(code, language), "");
  },
  async throws(code, language, [expected]) {
    assert.match(logOf(code, language), new RegExp(`^throws [^]*code: '${expected}'`));
  },
  async recipe(code) {
    const { diagnostics } = ts.transpileModule(code, {
      reportDiagnostics: true,
      compilerOptions: { allowJs: true },
    });
    assert.deepEqual(
      diagnostics.map(({ messageText }) => messageText),
      [],
    );
    const members = [...code.matchAll(/\bauth\.(\w+)/g)]
      .map(([, member]) => member)
      .filter((each) => each !== "js");
    const [, declared] = /export interface RequiredAuth[^{]*\{(.*?)^\}/ms.exec(read("index.d.ts"));
    for (const member of members) assert.match(declared, new RegExp(`\\b${member}\\b[:<(]`));
  },
  async in(_code, _language, [test], page) {
    const file = TESTS.find((name) => path.basename(name) === `${test}.test.js`);
    assert.ok(file, `no test ${test}`);
    assert.ok(read(path.join("__test__", file)).includes(page), `${file} does not read ${page}`);
  },
  async server(code, language) {
    checkTypes(code, language);
    const port = await freePort();
    const name = runnable(moduleOf(code.replaceAll("8080", String(port)), EXTENSIONS[language]));
    const host = runningHost();
    host.child.send({ name });
    await assertServes(host, port, code);
  },
  async handler(code, language) {
    const name = runnable(checkTypes(code, language));
    const event = (headers) => ({
      version: "2.0",
      rawPath: "/mcp",
      rawQueryString: "",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
      body: JSON.stringify(INITIALIZE),
      isBase64Encoded: false,
      requestContext: {
        domainName: "lambda.example",
        http: { method: "POST", path: "/mcp", sourceIp: "192.0.2.1" },
      },
    });
    const host = runningHost();
    host.child.send({ name, events: [...WRONG, ...CREDENTIALS].map(event) });
    const answer = await Promise.race([once(host.child, "message"), host.ended]);
    assert.ok(answer, host.log);
    assertVerdicts(answer[0]);
  },
};

/** All wrong credentials are refused, and of the right ones as many are not as there are ways in. */
function assertVerdicts(statuses, ways = 1) {
  const wrong = statuses.slice(0, WRONG.length);
  const right = statuses.slice(WRONG.length);
  assert.deepEqual(wrong, [401, 401, 401]);
  assert.deepEqual(
    right.filter((status) => status !== 401),
    Array(ways).fill(200),
  );
}

/** To how many credentials the server of a source says yes. */
function waysInto(source) {
  return source.includes("anyOf(") ? source.match(/\bnew \w+AuthProvider\(/g).length : 1;
}

let host;

/** One process for all servers and handlers. One that ends it leaves the next a new one. */
function runningHost() {
  if (host === undefined || host.child.exitCode !== null) {
    writeFileSync(path.join(folder, "host.mjs"), HOST);
    host = start(process.execPath, ["host.mjs"], { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  }
  host.log = "";
  return host;
}
after(() => host && end(host));

function start(command, args, options) {
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...environment(), PATH: searchPath() },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    ...options,
  });
  const started = { child, log: "", ended: new Promise((resolve) => child.once("close", () => resolve())) };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      started.log += chunk;
    });
  }
  return started;
}

async function end({ child, ended }) {
  if (child.exitCode === null) {
    // The group, since a shell stands between us and the server.
    process.kill(-child.pid, "SIGKILL");
  }
  await ended;
}

/** Asks a server that was started with each credential, over the transport that its source names. */
async function assertServes(started, port, source) {
  const deadline = Date.now() + 20_000;
  while (!(await answers(port))) {
    const mayStart = started.child.exitCode === null && Date.now() < deadline;
    assert.ok(mayStart, `the server did not start:\n${started.log}`);
    await sleep(20);
  }
  const ask = source.includes('type: "sse"') ? openStream : initialize;
  const statuses = [];
  for (const headers of [...WRONG, ...CREDENTIALS]) {
    statuses.push(await ask(`http://127.0.0.1:${port}`, headers));
  }
  assertVerdicts(statuses, waysInto(source));
  assert.doesNotMatch(started.log, /McpNativeAuthWarning/);
}

async function answers(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    return false;
  }
}

async function openStream(url, headers) {
  const left = new AbortController();
  const { status } = await fetch(`${url}/sse`, { headers, signal: left.signal });
  left.abort();
  return status;
}

/** Each command of a shell block, without its assignments, as words. */
function commands(code) {
  return code
    .replaceAll("\\\n", " ")
    .split(/\n|&&/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter(Boolean)
    .map((line) => line.replace(/^(?:[A-Z_]+=(?:"[^"]*"|\S*) +)*/, "").split(/\s+/));
}

/** A command that a reader can type after `npm ci` in this folder. */
function checkCommand([program, ...args]) {
  const [first, second] = args;
  const names = args.filter((arg) => !arg.startsWith("-"));
  switch (program) {
    case "npm":
      if (first === "run") {
        assert.ok(second in manifest.scripts, `no script ${second}`);
      } else if (first === "start" || first === "test") {
        assert.ok(first in manifest.scripts, `no script ${first}`);
      } else {
        assert.ok(["ci", "install", "pack"].includes(first), `npm ${first}`);
      }
      break;
    case "npx":
      assert.ok(
        first in commandsOfOurs || existsSync(path.join(checkout, "node_modules", ".bin", first)),
        `no ${first}`,
      );
      break;
    case "node":
      assert.ok(
        names.length > 0 && names.every((name) => existsSync(path.join(checkout, name))),
        names.join(" "),
      );
      break;
    default:
      assert.fail(`${program} is no command that the test knows`);
  }
}

/** Where a shell looks: first for the `node` that runs this test. */
function searchPath() {
  return [path.dirname(process.execPath), process.env.PATH].join(path.delimiter);
}

/** TOML as far as it is tables, and keys with one-line values; regular expressions are compiled. */
function checkTable(code) {
  for (const line of code.split("\n").filter((each) => !/^(#.*|\[[\w.-]+\]|\[\[[\w.-]+\]\]|)$/.test(each))) {
    const [, key, literal, value] =
      /^([\w-]+) = (?:\x27{3}(.*)\x27{3}|(.+))$/.exec(line) ?? assert.fail(line);
    const parsed = literal ?? JSON.parse(value);
    assert.ok(key !== "regex" || new RegExp(parsed), line);
  }
}

/** A setting that does not exist is a line of output. */
function checkUnit(code) {
  assert.match(code, /^ExecStart=\/usr\/bin\/node server\.js$/m);
  const unit = path.join(temporaryFolder("unit"), "mcp-server.service");
  writeFileSync(unit, code.replace("/usr/bin/node", process.execPath));
  const { error, status, stdout, stderr } = spawnSync("systemd-analyze", ["verify", unit], {
    encoding: "utf8",
  });
  if (error?.code !== "ENOENT") {
    assert.equal(`${status} ${stdout}${stderr}`, "0 ");
  }
}

/** What to do with a block, by its language and first word. */
const CHECKS = {
  js: SCRIPTS,
  ts: SCRIPTS,
  diff: {
    async ""(code) {
      const lines = code.split("\n").filter(Boolean);
      assert.ok(lines.every((line) => "+- ".includes(line[0])));
      const sides = ["- ", "+ "].map((marks) => sideOf(code, marks));
      assert.notEqual(...sides);
      for (const side of sides) {
        checkTypes(side, "ts");
      }
    },
  },
  sh: {
    in: SCRIPTS.in,
    async ""(code) {
      assert.ok(commands(code).length > 0);
      commands(code).forEach(checkCommand);
    },
    async run(code) {
      // What npx does here; docs/getting-started.md is run with the real one.
      const npx = 'npx() { "node_modules/.bin/$@"; }';
      const { status, stderr } = spawnSync("sh", ["-e", "-c", `${npx}; ${code}`], {
        cwd: folder,
        env: { ...environment(), PATH: searchPath() },
        encoding: "utf8",
        timeout: 60_000,
      });
      assert.equal(status, 0, stderr);
    },
    async server(code) {
      const port = await freePort();
      const source = read("__test__/support/framework-server.js").replaceAll("8080", String(port));
      writeFileSync(path.join(folder, "server.js"), source);
      const server = start("sh", ["-c", code]);
      try {
        await assertServes(server, port, source);
      } finally {
        await end(server);
      }
    },
  },
  dockerfile: { in: SCRIPTS.in },
  yaml: { in: SCRIPTS.in },
  ini: {
    async ""(code) {
      checkUnit(code);
    },
  },
  json: {
    async ""(code) {
      JSON.parse(code);
    },
  },
  toml: {
    async ""(code) {
      checkTable(code);
    },
  },
  text: { async ""() {} },
};

for (const page of PAGES) {
  describe(page, () => {
    const markdown = read(page);
    for (const { line, language, words, code } of blocks(markdown)) {
      const [word = "", ...rest] = words;
      it(`line ${line}: ${[language, ...words].join(" ")}`, async () => {
        const check = CHECKS[language]?.[word];
        assert.ok(
          check,
          `CONTRIBUTING.md tells which words may stand after a fence: not "${[language, ...words]}"`,
        );
        await check(code, language, rest, page);
      });
    }

    it("links lead to files and headings that exist", () => {
      for (const link of links(markdown)) {
        if (/^https:\/\//.test(link)) {
          assert.ok(URL.canParse(link), link);
          continue;
        }
        const [file, anchor] = link.split("#");
        const target = file === "" ? page : path.join(path.dirname(page), file);
        assert.ok(existsSync(path.join(checkout, target)), `${link}: no such file`);
        if (anchor !== undefined) {
          assert.ok(anchors(read(target)).includes(anchor), `${link}: no such heading`);
        }
      }
    });

    // Other pages name files of the reader's project too.
    if (/^(CONTRIBUTING|RELEASING|SECURITY|docs\/(evidence|performance))\.md$/.test(page)) {
      it("files that it names exist", () => {
        const named = [
          ...prose(markdown).matchAll(
            /`((?:lib|src|__test__|tests|benches|bench|security|scripts|fuzz|examples)\/[\w./-]*)`/g,
          ),
        ].map(([, name]) => path.join(checkout, name));
        assert.deepEqual(
          // A module may be named without the end of its name.
          named.filter((name) => !existsSync(name) && !existsSync(`${name}.js`)),
          [],
        );
      });
    }

    it("scripts that it names exist", () => {
      const named = [...prose(markdown).matchAll(/`npm run ([\w:-]+)/g)].map(([, name]) => name);
      assert.deepEqual(
        named.filter((name) => !(name in manifest.scripts)),
        [],
      );
    });
  });
}

it("the words after a fence are those that CONTRIBUTING.md lists", () => {
  const [, text] = sections(read("CONTRIBUTING.md"), 2).find(([heading]) => heading.startsWith("Code in"));
  const listed = [...text.matchAll(/^\| (`.+?) \|/gm)]
    .flatMap(([, cell]) => [...cell.matchAll(/`([^`]+)`/g)])
    .map(([, words]) => words.replace(/ (CODE|TEST)$/, ""));
  const known = Object.entries(CHECKS).flatMap(([language, checks]) =>
    Object.keys(checks).map((word) => (word === "" ? language : `${language} ${word}`)),
  );
  assert.deepEqual(
    listed.filter((words) => !known.includes(words)),
    [],
  );
  assert.deepEqual(
    Object.keys(CHECKS).filter((language) => !listed.some((words) => words.split(" ")[0] === language)),
    [],
  );
});

it("the README is one page, and leads to every difference from mcp-framework", () => {
  const written = read("README.md");
  assert.ok(written.split("\n").length <= 151);
  assert.ok(links(written).includes("docs/migrating.md#every-difference"));
});

const source = ts.createSourceFile("index.d.ts", read("index.d.ts"), ts.ScriptTarget.ES2022, true);
/** A statement of index.d.ts. */
const declaration = (name) => source.statements.find((each) => each.name?.text === name);

it("docs/stacks.md has every option and every member of a gate", () => {
  const page = read("docs/stacks.md");
  const declared = (name) => declaration(name).members.map((member) => member.name.text);
  const [, options] = sections(page, 2).find(([heading]) => heading === "Options");
  assert.deepEqual(
    [...options.matchAll(/^\| `(\w+)` \|/gm)].map(([, option]) => option),
    declared("RequireAuthOptions"),
  );
  for (const member of declared("RequiredAuth")) assert.match(page, new RegExp(`\`auth\\.${member}\``));
});

describe("docs/configuration.md", () => {
  const page = read("docs/configuration.md");
  /** The `@default` of a member, without the marks of links. */
  const defaultOf = (member) => {
    const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === "default");
    return tag && ts.getTextOfJSDocComment(tag.comment).replace(/\{@link (\w+)\s*\}/g, "$1");
  };
  /** Members with their defaults. One that can only be null belongs to the other form of a configuration. */
  const declared = (...names) =>
    names
      .flatMap((name) => [...declaration(name).members])
      .filter(({ type }) => type.getText() !== "null | undefined")
      .map((member) => [member.name.text, defaultOf(member)]);
  /** What a cell says of a default: a value if it begins with code. */
  const cellOf = (cell) => (cell?.startsWith("`") ? cell.replaceAll("`", "") : undefined);
  const partOf = (level, heading) => sections(page, level).find(([title]) => title === heading)[1];
  /** The first cells and the third ones of a table. */
  const rowsOf = (text) =>
    [...text.matchAll(/^\| `(\w+).*?` \| [^|]+ \| ([^|]+) \|/gm)].map(([, name, cell]) => [
      name,
      cellOf(cell),
    ]);

  const parts = {
    "API keys": ["APIKeyListConfig", "APIKeyLoaderConfig", "APIKeyOptions"],
    "JSON Web Tokens": ["JWTSecretConfig", "JWTKeysConfig", "JWTJwksConfig", "JWTLoaderConfig", "JWTOptions"],
  };
  for (const [heading, names] of Object.entries(parts)) {
    it(`has the options of ${names} with their defaults`, () => {
      const described = sections(partOf(2, heading), 3)
        .filter(([option]) => option.startsWith("`"))
        .map(([option, body]) => [
          option.replaceAll("`", ""),
          cellOf(/^\| default \| (.+?) \|$/m.exec(body)?.[1]),
        ]);
      assert.deepEqual(described, declared(...names));
    });

    it(`has an example of each option of ${names}`, () => {
      const examples = blocks(partOf(2, heading)).map(({ code }) => code);
      for (const [option] of declared(...names)) {
        assert.ok(
          examples.some((code) => new RegExp(`\\b${option}\\b`).test(code)),
          option,
        );
      }
    });
  }

  it("has the members of entries, throttles and anyOf with their defaults", () => {
    assert.deepEqual(rowsOf(partOf(3, "Key entries")), declared("APIKeyEntry"));
    assert.deepEqual(rowsOf(partOf(2, "Throttling")), declared("ThrottleConfig"));
    assert.deepEqual(rowsOf(partOf(2, "Combining providers with `anyOf`")), declared("AnyOfOptions"));
  });

  it("has the methods of both classes", () => {
    const rows = [...partOf(2, "Provider API").matchAll(/^\| `(\w+)\(.*?\| (both|API keys|tokens) \|/gm)];
    for (const [name, of] of [
      ["APIKeyAuthProvider", "API keys"],
      ["JWTAuthProvider", "tokens"],
    ]) {
      const described = rows
        .filter(([, , owner]) => owner === of || owner === "both")
        .map(([, method]) => method);
      const methods = declaration(name)
        .members.filter(ts.isMethodDeclaration)
        .map((each) => each.name.text);
      assert.deepEqual(described.sort(), methods.sort());
    }
  });
});

/** The command line as packed: what it prints, its exit codes, and that it never repeats a key. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Readable } from "node:stream";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { checkApiKey, generateApiKey } from "mcp-native-auth";
import { checkout, project, temporaryFolder } from "../support/project.js";

const OF_KEYS = ["keygen", "hash", "check"];
// The tests of `audit` are in files of their own.
const COMMANDS = [...OF_KEYS, "audit"];

// As packed, and without the addon, which `check` alone needs.
const [folder, complete] = [0, 1].map(() => path.join(project({}), "node_modules/mcp-native-auth"));
rmSync(path.join(folder, "native"), { recursive: true });
const manifest = JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"));
const program = path.join(folder, manifest.bin["mcp-native-auth"]);
const completeProgram = path.join(complete, manifest.bin["mcp-native-auth"]);

const { runCommandLine } = await import(pathToFileURL(path.join(folder, "lib/cli/main.js")));
const { runCommandLine: runCheck } = await import(pathToFileURL(path.join(complete, "lib/cli/main.js")));

/** Runs a command in this process: how a process reads and writes, and ends, is the same for all arguments. */
async function run(args, input = "") {
  const stdin = Readable.from(input.length > 0 ? [Buffer.from(input)] : []);
  const written = { stdout: "", stderr: "" };
  const [stdout, stderr] = Object.keys(written).map((name) => ({
    write(text) {
      written[name] += text;
    },
  }));
  const command = args[0] === "check" ? runCheck : runCommandLine;
  return { status: await command(args, { stdin, stdout, stderr }), ...written };
}

/** Runs the program, with pipes to read from and to write to. */
function runProcess(args, input = "", options = {}) {
  const file = args[0] === "check" ? completeProgram : program;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    input,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" },
    timeout: 60_000,
    maxBuffer: 64 * 1024 * 1024,
    ...options,
  });
  return { status, stdout, stderr };
}

const jsonLines = (text) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
const sha256 = (text) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** Without showing the output if it holds what it must not. */
function assertHides({ stdout, stderr }, secret) {
  assert.ok(!stdout.includes(secret), "standard output shows it");
  assert.ok(!stderr.includes(secret), "standard error shows it");
}

describe("the program", () => {
  it("is a script that npm links and systems can run", () => {
    assert.deepEqual(Object.keys(manifest.bin), ["mcp-native-auth"]);
    assert.ok(readFileSync(program, "utf8").startsWith("#!/usr/bin/env node\n"));
    if (process.platform !== "win32") {
      assert.equal(statSync(program).mode & 0o111, 0o111);
    }
  });

  it("--help shows the commands, and each command its options", async () => {
    for (const flag of ["--help", "-h"]) {
      const { status, stdout, stderr } = await run([flag]);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
      for (const command of COMMANDS) {
        assert.match(stdout, new RegExp(`^ {2}${command} `, "m"));
      }
    }
    for (const command of COMMANDS) {
      const { status, stdout, stderr } = await run([command, "--json", "--help"]);
      assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
      assert.ok(stdout.startsWith(`Usage: mcp-native-auth ${command} `));
      assert.match(stdout, /^ {2}--json /m);
    }
  });

  it("--version shows that of the package", () => {
    assert.deepEqual(runProcess(["--version"]), { status: 0, stdout: `${manifest.version}\n`, stderr: "" });
  });

  it("without a command, or with another, says which there are", async () => {
    for (const args of [[], ["generate"], ["toString"], ["__proto__"], [""], ["--json"]]) {
      const { status, stdout, stderr } = await run(args);
      assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
      assert.match(
        stderr,
        /^mcp-native-auth: the first argument must be a command: keygen, hash, check, audit;[^\n]*\n$/,
      );
    }
  });

  it("refuses a key given as an argument, says why and does not repeat it", async () => {
    const { key } = generateApiKey();
    for (const command of OF_KEYS) {
      const result = await run([command, key], "x\n");
      assert.deepEqual([result.status, result.stdout], [2, ""]);
      assert.ok(/argument 2 is not an option; keys are read from standard input only/.test(result.stderr));
      assertHides(result, key.slice(4));
    }
    for (const args of [
      [key],
      [`--key=${key}`],
      ["check", `--${key}`],
      ["hash", `--key=${key}`],
      ["hash", "--key", key],
      ["hash", `-${key}`],
      ["check", `--json=${key}`],
      ["keygen", "--prefix", key],
      ["keygen", `--prefix=${key}`],
      ["keygen", "--count", key],
    ]) {
      const result = await run(args, "x\n");
      assert.deepEqual([result.status, result.stdout], [2, ""]);
      assert.ok(/^mcp-native-auth: [^\n]+\n$/.test(result.stderr));
      assertHides(result, key.slice(4, 20));
      assertHides(result, key.slice(-20));
    }
  });

  it("an option without its value is named", async () => {
    for (const option of ["--prefix", "--count"]) {
      const { status, stderr } = await run(["keygen", option]);
      assert.equal(status, 2);
      assert.match(
        stderr,
        new RegExp(`^mcp-native-auth: ${option} needs a value; see mcp-native-auth keygen --help\n$`),
      );
    }
  });
});

describe("keygen", () => {
  it("prints key, hash and id, and says on standard error that the key is shown once", () => {
    const { status, stdout, stderr } = runProcess(["keygen"]);
    assert.equal(status, 0);
    const [, key, hash, id] = stdout.match(/^key: {2}(\S+)\nhash: (\S+)\nid: {3}(\S+)\n$/) ?? [];
    assert.equal(checkApiKey(key), "ok");
    assert.ok(key.startsWith("mcp_"));
    assert.equal(hash, sha256(key));
    assert.match(id, /^key_[0-9A-Za-z]{16}$/);
    assert.match(stderr, /^mcp-native-auth: keys are shown only once [^\n]*\n$/);
  });

  it("--json prints one object per line, with --count as many, all different", async () => {
    for (const [args, count] of [
      [[], 1],
      [["--count", "1"], 1],
      [["--count=250", "--prefix=acme_live"], 250],
    ]) {
      const { status, stdout } = await run(["keygen", "--json", ...args]);
      assert.equal(status, 0);
      const generated = jsonLines(stdout);
      assert.equal(new Set(generated.map(({ key }) => key)).size, count);
      for (const { key, hash, id, ...others } of generated) {
        assert.equal(checkApiKey(key), "ok");
        assert.ok(key.startsWith(count === 1 ? "mcp_" : "acme_live_"));
        assert.equal(hash, sha256(key));
        assert.match(id, /^key_/);
        assert.deepEqual(others, {});
      }
    }
  });

  it("refuses a count or prefix that cannot be one", async () => {
    for (const count of ["0", "-1", "1.5", "1e3", "100001", "999999999999", "", " 1", "0x10", "NaN"]) {
      const { status, stdout, stderr } = await run(["keygen", "--count", count]);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.equal(stderr, "mcp-native-auth: --count must be a whole number from 1 to 100000\n");
    }
    for (const prefix of ["", "a", "1a", "a b", "a-b", "_a", "a_"]) {
      const { status, stdout, stderr } = await run(["keygen", "--prefix", prefix]);
      assert.deepEqual([status, stdout], [2, ""]);
      assert.match(stderr, /^mcp-native-auth: `prefix` must be 2 to 20 letters and digits/);
    }
  });

  it("ends quietly when its reader goes away", async () => {
    const child = spawn(process.execPath, [program, "keygen", "--count", "20000", "--json"], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    child.stderr.on("data", (chunk) => {
      stderr += chunk;
    });
    const closed = once(child, "close");
    await once(child.stdout, "data");
    child.stdout.destroy();
    const [status] = await closed;
    assert.equal(status, 0);
    assert.match(stderr, /^(mcp-native-auth: keys are shown only once [^\n]*\n)?$/);
  });
});

describe("hash", () => {
  it("prints the hash of each line, whatever the line ends, with or without a last one", async () => {
    const expected = ["first", "second"].map((key) => `${sha256(key)}\n`).join("");
    for (const input of [
      "first\nsecond\n",
      "first\nsecond",
      "first\r\nsecond\r\n",
      "first\r\nsecond",
      "\n\nfirst\n\r\n\nsecond\n\n",
      "\ufefffirst\nsecond\n",
    ]) {
      assert.deepEqual(await run(["hash"], input), { status: 0, stdout: expected, stderr: "" });
    }
  });

  it("takes a key as UTF-8, other white space included, and warns of it", async () => {
    const { status, stdout, stderr } = await run(["hash"], "schlüssel\n\n key of mine \n");
    assert.equal(status, 0);
    assert.equal(stdout, `${sha256("schlüssel")}\n${sha256(" key of mine ")}\n`);
    assert.equal(stderr, "mcp-native-auth: line 3: white space at an end, which headers do not carry\n");
  });

  it("says what was damaged on the way", async () => {
    const { status, stdout, stderr } = await run(["hash"], '"first"\nAPI_KEY=second\n');
    assert.equal(status, 0);
    assert.equal(stdout, `${sha256('"first"')}\n${sha256("API_KEY=second")}\n`);
    assert.equal(
      stderr,
      "mcp-native-auth: line 1 is in quotes, which clients do not send; remove the quotes\n" +
        "mcp-native-auth: line 2 is a whole NAME=value line; pass the value alone\n",
    );
  });

  it("--json tells the line of each", async () => {
    const { status, stdout } = await run(["hash", "--json"], "\nfirst\n\nsecond");
    assert.equal(status, 0);
    assert.deepEqual(jsonLines(stdout), [
      { line: 2, hash: sha256("first") },
      { line: 4, hash: sha256("second") },
    ]);
  });

  it("is the hash that keygen gave", () => {
    const [{ key, hash }] = jsonLines(runProcess(["keygen", "--json"]).stdout);
    assert.equal(runProcess(["hash"], key).stdout, `${hash}\n`);
  });
});

describe("check", () => {
  const { key } = generateApiKey({ prefix: "acme" });
  const last = key.at(-1) === "x" ? "y" : "x";
  const UNRECOGNIZED = "zK7vQ2mXp9RtW4cYb3Ns8Dq1";

  it("tells ok, typo, unrecognized, weak and damaged, line by line, and fails", async () => {
    const damaged = `"${UNRECOGNIZED}"`;
    const input = [
      ...[key, "", key.slice(0, -1) + last, UNRECOGNIZED, "your-jwt-secret", "k1", `${key} `],
      damaged,
    ].join("\n");
    const result = runProcess(["check"], input);
    assert.equal(result.status, 1);
    assert.equal(result.stderr, "");
    assertHides(result, key.slice(5, 20));
    assert.deepEqual(result.stdout.trimEnd().split("\n"), [
      "line 1: ok",
      "line 3: typo",
      "line 4: unrecognized",
      "line 5: weak; well-known words or a placeholder",
      "line 6: weak; shorter than 16 characters",
      "line 7: typo; white space at an end, which headers do not carry",
      "line 8: damaged; is in quotes, which clients do not send; remove the quotes",
    ]);
    assert.deepEqual(jsonLines((await run(["check", "--json"], input)).stdout), [
      { line: 1, verdict: "ok", problems: [] },
      { line: 3, verdict: "typo", problems: [] },
      { line: 4, verdict: "unrecognized", problems: [] },
      { line: 5, verdict: "weak", problems: ["well-known"] },
      { line: 6, verdict: "weak", problems: ["too-short"] },
      { line: 7, verdict: "typo", problems: ["white-space"] },
      { line: 8, verdict: "damaged", problems: [] },
    ]);
  });

  it("exits with 0 if all keys are ok, with --allow-unrecognized if none is a typo or weak", async () => {
    const { stdout } = runProcess(["keygen", "--count", "1000", "--json"]);
    const keys = jsonLines(stdout).map((generated) => generated.key);
    assert.equal(runProcess(["check"], keys.join("\r\n")).status, 0);
    for (const [input, strict, lenient] of [
      [`${key}\n`, 0, 0],
      [`${key}\n${UNRECOGNIZED}\n`, 1, 0],
      [`${key}\n${key.slice(0, -1)}${last}\n`, 1, 1],
      [`${key}\nchangeme\n`, 1, 1],
      [`${key}\nexport API_KEY=${UNRECOGNIZED}\n`, 1, 1],
    ]) {
      assert.equal((await run(["check"], input)).status, strict);
      assert.equal((await run(["check", "--allow-unrecognized"], input)).status, lenient);
    }
  });
});

it("check without the addon tells how to build it", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "check"], {
    input: "key",
    encoding: "utf8",
  });
  assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
  assert.match(stderr, /^mcp-native-auth: mcp-native-auth has no native addon for [^\n]+; build it with /);
});

describe("standard input", () => {
  // Both read it in the same way, one here from a pipe.
  for (const [command, runs] of Object.entries({ hash: runProcess, check: run })) {
    it(`${command}: nothing, too much or no text is exit code 2, and not shown`, async () => {
      const cases = [
        ["", /standard input has no key; pass one per line/],
        ["\n\r\n\n", /standard input has no key; pass one per line/],
        ["\ufeff", /standard input has no key; pass one per line/],
        [Buffer.alloc(16 * 1024 * 1024 + 1, "hidden!\n"), /longer than 16 MiB/],
        [Buffer.from([0x68, 0x69, 0xff]), /not UTF-8/],
        [Buffer.from("\ufeffhidden\n", "utf16le"), /not UTF-8/],
      ];
      for (const [input, message] of cases) {
        const result = await runs([command], input);
        assert.deepEqual([result.status, result.stdout], [2, ""]);
        assert.match(result.stderr, /^mcp-native-auth: [^\n]+\n$/);
        assert.match(result.stderr, message);
        assertHides(result, "hidden");
      }
    });
  }

  it("that is connected to nothing is exit code 2", () => {
    assert.equal(runProcess(["check"], undefined, { stdio: ["ignore", "pipe", "pipe"] }).status, 2);
  });

  it("of 16 MiB in one line is answered", () => {
    const { status, stdout } = runProcess(["hash"], Buffer.alloc(16 * 1024 * 1024, "k"));
    assert.equal(status, 0);
    assert.equal(stdout, `${sha256(Buffer.alloc(16 * 1024 * 1024, "k"))}\n`);
  });
});

describe("on a terminal", () => {
  // Standard input in the form of a terminal: what Node gives one, and a record of its raw mode.
  const preload = path.join(temporaryFolder("terminal"), "terminal.mjs");
  writeFileSync(
    preload,
    `import { PassThrough } from "node:stream";
    const modes = [];
    const typed = JSON.parse(process.env.TYPED);
    const terminal = Object.assign(new PassThrough(), {
      isTTY: true,
      setRawMode(isRaw) {
        modes.push(isRaw);
        if (isRaw) setImmediate(() => terminal.write(typed));
      },
    });
    Object.defineProperty(process, "stdin", { value: terminal });
    process.on("exit", () => process.stderr.write("modes " + modes.join()));`,
  );
  const typing = (args, typed) =>
    spawnSync(process.execPath, ["--import", preload, program, ...args], {
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "", TYPED: JSON.stringify(typed) },
      timeout: 60_000,
    });

  it("asks on standard error, shows nothing of what is typed and restores the terminal", () => {
    const result = typing(["hash"], "key typed by hand\r");
    assert.equal(result.status, 0);
    assert.equal(result.stdout, `${sha256("key typed by hand")}\n`);
    assert.equal(result.stderr, "Key (is not shown): \nmodes true,false");
  });

  it("takes corrections, and one line", () => {
    assert.equal(typing(["hash"], "kez\x7fy\rmore\r").stdout, `${sha256("key")}\n`);
  });

  it("ends with 130 on Control-C, with 2 on Control-D", () => {
    for (const [typed, status] of [
      ["hidden\x03", 130],
      ["\x04", 2],
    ]) {
      const result = typing(["check"], typed);
      assert.deepEqual([result.status, result.stdout], [status, ""]);
      assert.match(result.stderr, /^Key \(is not shown\): \nmcp-native-auth: [^\n]+\nmodes true,false$/);
      assertHides(result, "hidden");
    }
  });
});

it("the program of the checkout runs by itself, as npx starts it", () => {
  const script = path.join(checkout, "bin/mcp-native-auth.js");
  const child =
    process.platform === "win32"
      ? spawnSync(process.execPath, [script, "--version"], { encoding: "utf8" })
      : spawnSync(script, ["--version"], { encoding: "utf8" });
  assert.equal(child.stdout, `${manifest.version}\n`);
});

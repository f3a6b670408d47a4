/**
 * The MCP conformance suite on a server of the official SDK with our gate in front, and on the same server without:
 * `npm run conformance`. All lines must be the same, but for what the gate adds: it rejects foreign hosts and origins.
 *
 * The suite comes from the npm registry into a temporary folder and runs on Node 22. It sends no credential, so a proxy
 * on loopback adds one.
 */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { APIKeyAuthProvider, generateApiKey, requireAuth } from "mcp-native-auth";
import { application } from "./conformance-server.js";
import { pinned } from "./pinned.js";

const SUITE = "@modelcontextprotocol/conformance@0.2.0-alpha.12";
/** The gate's own work: the bare server does not pass it. */
const ADDED = "dns-rebinding-protection";
/** A run that lost its scenarios must not pass for one without a difference. */
const MIN_SCENARIOS = 30;
function proxy(port, key) {
  return createServer((req, res) => {
    const headers = { ...req.headers, authorization: `Bearer ${key}` };
    const { method, url } = req;
    const onward = request({ host: "127.0.0.1", port, method, path: url, headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
    });
    onward.on("error", () => res.destroy());
    res.on("close", () => onward.destroy());
    req.pipe(onward);
  });
}

async function listen(server) {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server.address().port;
}

/** One line for each scenario. */
async function runSuite(folder, port) {
  const suite = path.join(folder, "node_modules/@modelcontextprotocol/conformance/dist/index.js");
  const args = [suite, "server", "--url", `http://localhost:${port}/mcp`, "--suite", "active"];
  const child = spawn(pinned("node-22"), args, { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (chunk) => {
    output += chunk;
  });
  await once(child, "close");
  const summary = output.slice(output.indexOf("=== SUMMARY ==="));
  return summary.split("\n").filter((line) => /^[✓✗]/.test(line));
}

const servers = [];
const folder = mkdtempSync(path.join(tmpdir(), "mcp-native-auth-conformance-"));
try {
  const install = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", SUITE];
  const { status, stderr } = spawnSync("npm", install, { encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`npm could not install ${SUITE}:\n${stderr}`);
  }
  const { key, hash } = generateApiKey();
  const auth = requireAuth(new APIKeyAuthProvider({ keys: [{ hash, id: "conformance" }] }));
  const bare = await runSuite(folder, await listen(application()));
  const behind = await listen(application(auth.express));
  const gated = await runSuite(folder, await listen(proxy(behind, key)));
  compare(bare, gated);
} finally {
  rmSync(folder, { recursive: true, force: true });
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
}

function compare(bare, gated) {
  const isAdded = (line) => line.includes(` ${ADDED}: `);
  const rest = (lines) => lines.filter((line) => !isAdded(line));
  const faults = rest(gated).flatMap((line, at) => {
    const other = rest(bare)[at];
    return line === other ? [] : [`without: ${other}\n  with: ${line}`];
  });
  if (gated.length < MIN_SCENARIOS || gated.length !== bare.length) {
    faults.push(`${bare.length} scenarios ran without the gate, ${gated.length} with it`);
  }
  if (!gated.some((line) => isAdded(line) && line.startsWith("✓"))) {
    faults.push(`${ADDED} does not pass with the gate`);
  }
  console.log([...gated, ...faults.map((fault) => `DIFFERENT\n  ${fault}`)].join("\n"));
  console.log(`${gated.length} scenarios, ${faults.length} differences`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

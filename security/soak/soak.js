/** Runs run.js and oauth-run.js in processes of their own and says what is wrong with how it went. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";

const RUN = path.join(import.meta.dirname, "run.js");
const OAUTH_RUN = path.join(import.meta.dirname, "oauth-run.js");

/** V8's young generation in its full size from the start: else its growth would be all that is measured. */
const FLAGS = ["--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"];

/**
 * @param {{ authentications: number, providers: number, workers: number, leak?: string }} amounts
 * @param {{ mostGrowth: number, onProgress?: (line: string) => void }} options `mostGrowth` in bytes
 * @returns {Promise<{ findings: object | undefined, wrong: string[] }>}
 */
export async function soak(amounts, { mostGrowth, onProgress }) {
  const given = Object.entries(amounts).filter(([, value]) => value !== undefined);
  const ended = await runChild(
    RUN,
    given.flatMap(([name, value]) => [`--${name}`, String(value)]),
    onProgress,
  );
  return judge(ended, mostGrowth, (demand, findings) => {
    const { authentications, accepted, rejected, providers, workers } = findings;
    demand(authentications === amounts.authentications, `only ${authentications} authentications`);
    demand(
      accepted > rejected && rejected > authentications / 4,
      `${accepted} accepted, ${rejected} rejected`,
    );
    demand(providers >= amounts.providers, `only ${providers} providers`);
    demand(workers === amounts.workers, `only ${workers} workers`);
  });
}

/**
 * OAuth over keys that rotate and an issuer that comes and goes.
 *
 * @param {{ requests: number, leak?: boolean }} amounts
 * @param {{ mostGrowth: number }} options in bytes
 * @returns {Promise<{ findings: object | undefined, wrong: string[] }>}
 */
export async function soakOAuth({ requests, leak = false }, { mostGrowth }) {
  const args = ["--requests", String(requests), ...(leak ? ["--leak"] : [])];
  const ended = await runChild(OAUTH_RUN, args);
  return judge(ended, mostGrowth, (demand, { accepted, rejected }) => {
    demand(accepted + rejected >= requests, `only ${accepted + rejected} requests`);
    demand(accepted > rejected && rejected > requests / 4, `${accepted} accepted, ${rejected} rejected`);
  });
}

async function runChild(file, args, onProgress = (_line) => {}) {
  const child = spawn(process.execPath, [...FLAGS, file, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NODE_OPTIONS: "", NODE_TEST_CONTEXT: "" },
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  let findings;
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (line.startsWith("{")) {
      findings = JSON.parse(line);
    } else {
      onProgress(line);
    }
  });
  const [code, signal] = await once(child, "close");
  return { code, signal, stderr, findings };
}

function judge({ code, signal, stderr, findings }, mostGrowth, judgeAmounts) {
  const wrong = [];
  const demand = (isRight, what) => {
    if (!isRight) {
      wrong.push(what);
    }
  };
  demand(code === 0 && signal === null, `it ended with ${code ?? signal}`);
  demand(stderr === "", `it wrote to stderr: ${stderr.slice(0, 2000)}`);
  demand(findings !== undefined, "it ended before its findings");
  if (findings !== undefined) {
    const { growth, addedDescriptors, addedHandles } = findings;
    judgeAmounts(demand, findings);
    demand(growth < mostGrowth, `resident memory grew by ${(growth / 1e6).toFixed(1)} MB after the warm-up`);
    demand(addedDescriptors.length === 0, `left open: ${addedDescriptors.join(", ")}`);
    demand(addedHandles.length === 0, `handles left: ${addedHandles.join(", ")}`);
  }
  return { findings, wrong };
}

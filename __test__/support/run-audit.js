import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { PassThrough } from "node:stream";
import { promisify } from "node:util";
import { audit } from "../../lib/cli/audit/index.js";
import { runCommandLine } from "../../lib/cli/main.js";

/** RSA keys take a tenth of a second each: the issuers of all audits take them in turn from these. */
const keyPairs = Array(8).fill();
let taken = 0;
const { generateKeyPair } = crypto;
crypto.generateKeyPair = Object.assign((...args) => generateKeyPair(...args), {
  [promisify.custom](...args) {
    const place = taken++ % keyPairs.length;
    keyPairs[place] ??= promisify(generateKeyPair)(...args);
    return keyPairs[place];
  },
});
syncBuiltinESMExports();

/**
 * Runs the audit in this process.
 *
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export async function runAudit(
  args,
  { env = {}, input = "", isTTY = false, columns, throughMain = false } = {},
) {
  const streams = { stdin: new PassThrough(), stdout: collector(), stderr: collector() };
  Object.assign(streams.stdout, { isTTY, columns });
  streams.stdin.end(input);
  const code = throughMain
    ? await runCommandLine(["audit", ...args], streams)
    : await audit(args, { ...streams, env }).catch((error) => {
        if (error.name !== "Error") throw error;
        streams.stderr.write(`${error.message}\n`);
        return 2;
      });
  return { code, stdout: streams.stdout.text, stderr: streams.stderr.text };
}

function collector() {
  const stream = Object.assign(new PassThrough(), { text: "" });
  stream.on("data", (chunk) => {
    stream.text += chunk;
  });
  return stream;
}

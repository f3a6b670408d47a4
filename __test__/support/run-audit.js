import { PassThrough } from "node:stream";
import { audit } from "../../lib/cli/audit/index.js";
import { runCommandLine } from "../../lib/cli/main.js";

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

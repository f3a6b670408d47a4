/**
 * A million OAuth requests over keys that rotate and an issuer that comes and goes: `npm run soak:oauth`. Exit code 1 if
 * a verdict is wrong, a rejection is not handled, resident memory grows by 5 MB after the warm-up, a descriptor or handle
 * is left, or the process does not end cleanly of itself.
 *
 * Options: `--requests`; `--leak` leaves handles on purpose, and must fail.
 */

import { parseArgs } from "node:util";
import { wholeNumber } from "../scripts/flags.js";
import { soakOAuth } from "./soak/soak.js";

const MAX_GROWTH = 5e6;

const { values } = parseArgs({
  options: { requests: { type: "string", default: "1000000" }, leak: { type: "boolean" } },
});
const requests = wholeNumber("requests", values.requests);
const { findings, wrong } = await soakOAuth({ requests, leak: values.leak }, { mostGrowth: MAX_GROWTH });
console.log(JSON.stringify(findings, undefined, 2));
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exitCode = 1;
}

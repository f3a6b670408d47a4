/**
 * Ten million authentications with 64 in flight, providers made and dropped, worker threads coming and
 * going: `npm run soak`. Exit code 1 if a verdict is wrong, resident memory grows by 5 MB after the warm-up,
 * a descriptor or handle is left, or the process does not end cleanly of itself.
 *
 * After it, a million OAuth requests over keys that rotate and an issuer that comes and goes; alone: `npm run
 * soak:oauth`.
 *
 * Options: `--authentications`, `--providers`, `--workers`, `--oauth-requests`; `--leak memory|descriptor|handle` leaks
 * on purpose, and must fail.
 */

import { parseArgs } from "node:util";
import { wholeNumber } from "../scripts/flags.js";
import { keepResult } from "../scripts/results.js";
import { soak, soakOAuth } from "./soak/soak.js";

const MAX_GROWTH = 5e6;

const { values } = parseArgs({
  options: {
    authentications: { type: "string", default: "10000000" },
    providers: { type: "string", default: "100000" },
    workers: { type: "string", default: "200" },
    "oauth-requests": { type: "string", default: "1000000" },
    leak: { type: "string" },
  },
});
const amounts = {
  authentications: wholeNumber("authentications", values.authentications),
  providers: wholeNumber("providers", values.providers),
  workers: wholeNumber("workers", values.workers),
  leak: values.leak,
};
const start = Date.now();
const requests = wholeNumber("oauth-requests", values["oauth-requests"]);
const { findings, wrong } = await soak(amounts, { mostGrowth: MAX_GROWTH, onProgress: console.log });
const oauth = await soakOAuth({ requests }, { mostGrowth: MAX_GROWTH });
wrong.push(...oauth.wrong.map((what) => `OAuth: ${what}`));
console.log(
  `\n${JSON.stringify({ ...findings, oauth: oauth.findings }, undefined, 2)}\n${Math.round((Date.now() - start) / 1000)} s`,
);
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exitCode = 1;
} else {
  const { authentications, providers, workers, growth } = findings;
  const count = (number) => number.toLocaleString("en");
  const megabytes = (bytes) => `${bytes < 0 ? "−" : "+"}${(Math.abs(bytes) / 1e6).toFixed(1)} MB`;
  const figure =
    `${count(authentications)} authentications, ${count(providers)} providers, ${workers} worker threads: ` +
    `${megabytes(growth)}; ${count(requests)} OAuth requests: ${megabytes(oauth.findings.growth)}; exit 0`;
  console.log(figure);
  if (authentications >= 10_000_000 && providers >= 100_000 && requests >= 1_000_000) {
    keepResult("soak", figure);
  }
}

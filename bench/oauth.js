/**
 * Access tokens of an authorization server, with keys by URL: `node bench/oauth.js`. The same flags as
 * bench/providers.js; "memory" is the title of what is not a row.
 *
 * The JWK Sets and the introspection endpoint are served on loopback by this process.
 */

import { PACKAGES } from "./oauth/implementations.js";
import { startIssuer } from "./oauth/issuer.js";
import { measureIntrospectionMemory } from "./oauth/memory.js";
import { accessTokenRows } from "./oauth/rows.js";
import { FRAMEWORK } from "./support/names.js";
import { beginRun, endRun, measureRows } from "./support/run.js";

const benchmark = beginRun({ command: "npm run bench:oauth", results: "oauth.json", packages: PACKAGES });
const { run, quick, isWanted } = benchmark;
const issuer = await startIssuer();
try {
  await measureRows(benchmark, accessTokenRows(issuer));
  const title = "memory of 10,000 introspected tokens (JavaScript heap and buffers)";
  if (isWanted(title)) {
    const { ours, framework } = await measureIntrospectionMemory(issuer, { repetitions: quick ? 1 : 3 });
    run.footprint.push({ title, unit: "MB", ours, beside: { name: FRAMEWORK, ...framework } });
  }
} finally {
  issuer.close();
}
endRun(benchmark);

/**
 * The tests of the behaviour suite that a runtime does not pass, and why: `npm run test:runtimes` prints the
 * reasons, and fails when the list says too much or too little. The suite holds this package against the
 * framework's own classes, so most stand here because the framework, or the test, is served otherwise by the
 * runtime's `node:crypto`; this package has its own.
 */

/** What is run on one Node alone. */
export const NOT_OF_THE_SUITE =
  "the security tests (denial, fuzz, memory, soak, timing), which measure one Node from outside, the tests of the " +
  "addon's build and of installation (addon, panic, consumers), and the Rust tests; `npm test` and " +
  "`npm run test:consumers` run them";

/** Why some files are not run on Bun and Deno. */
export const ON_NODE_ALONE =
  "their tests need the mock timers of node:test, Node's module hooks, its diagnostics channels of HTTP servers or " +
  "a pseudo-terminal; what they test is not known to work there";

const KEYS_UNKNOWN_TO_BUN =
  "Bun's node:crypto (BoringSSL) can make no RSASSA-PSS, Ed448 or secp256k1 key, so that there is nothing to test with";
const PSS_IN_DENO =
  "Deno's node:crypto writes RSASSA-PSS keys without their parameters and cannot export private ones, so that the " +
  "keys of these tests are none";
const PEM_IN_DENO =
  "the framework rejects or accepts other PEM texts on Deno, whose reader takes a single clean block; this package " +
  "reads them as on Node, where the framework does too";

/**
 * `tests` is matched against the test's full name. On Bun and Deno alone; on each Node all tests pass.
 *
 * @type {{ runtimes: string[], file: string, tests: RegExp, why: string }[]}
 */
export const DIFFERENCES = [
  {
    runtimes: ["bun", "deno"],
    file: "types/types",
    tests: /under the switch/,
    why: "the module hooks of Bun and Deno do nothing, so that mcp-native-auth/register ends the process",
  },
  {
    runtimes: ["bun"],
    file: "hosts/mcp-framework/wire",
    tests: /http-stream, JWTAuthProvider: pipelined requests keep their own status, body and challenge/,
    why:
      "Bun's HTTP server does not announce responses; a provider finds that of the request that a socket is at, so that " +
      "the 401 of a pipelined request carries no WWW-Authenticate",
  },
  {
    runtimes: ["bun"],
    file: "parity/jwt",
    tests:
      /pss|RSASSA-PSS key|one warning names the algorithms|ed448|Ed448|secp256k1|, SHA-1,|another hash in the mask|longer than the hash/,
    why: KEYS_UNKNOWN_TO_BUN,
  },
  {
    runtimes: ["bun"],
    file: "parity/jwt",
    tests: /without its leading zero > one byte short|e = 1, a token that anyone can make/,
    why: "Bun's node:crypto rejects what the framework accepts on Node; rejected by this package everywhere",
  },
  {
    runtimes: ["bun"],
    file: "parity/jwt",
    tests: /\{ key: private der \} PKCS#8/,
    why: "Bun's crypto.createPublicKey() gives a private key for a private DER key, which is rejected at construction",
  },
  {
    runtimes: ["bun"],
    file: "parity/jwt",
    tests: /> BOM/,
    why: "the framework does not read PEM after a byte order mark on Bun; this package does, as on Node",
  },
  {
    runtimes: ["bun"],
    file: "jwt/vectors",
    tests: /control-PS256-pss-key/,
    why: KEYS_UNKNOWN_TO_BUN,
  },
  {
    runtimes: ["bun"],
    file: "parity/api-key",
    tests: /debug log > headers in a circle/,
    why: "the framework's own log of circular headers does not fail on Bun as it does on Node",
  },
  {
    runtimes: ["deno"],
    file: "parity/jwt",
    tests: /pss|RSASSA-PSS key|one warning names the algorithms that the key cannot serve/,
    why: PSS_IN_DENO,
  },
  {
    runtimes: ["deno"],
    file: "parity/jwt",
    tests: /leading text, trailing junk; two PEMs >|carriage returns alone|private SEC1 after its parameters/,
    why: PEM_IN_DENO,
  },
  {
    runtimes: ["deno"],
    file: "parity/jwt",
    tests: /RSA e = 3 \/ e = 1 > e = (1, a token|2|65536)|RSA 1024 \/ 512 > (8192|8200|16384) bits/,
    why: "Deno's node:crypto cannot hold RSA keys over 4096 bits or with such exponents, so that there is nothing to test with",
  },
  {
    runtimes: ["deno"],
    file: "parity/jwt",
    tests: /p521 configured, only ES256|ES256 under a P-521 key|a P-521 key configured, ES256 sent/,
    why: "Deno's node:crypto cannot sign SHA-256 with a P-521 key, so that there is no such token",
  },
  {
    runtimes: ["deno"],
    file: "parity/jwt",
    tests:
      /(Uint16|Int32|Float64)Array, HS256$|\{ key: private der \} PKCS#8|(public|HMAC) CryptoKey|one byte short/,
    why: "Deno's node:crypto takes other forms of keys and signatures than Node's, so that the framework decides otherwise",
  },
  {
    runtimes: ["deno"],
    file: "parity/jwt",
    tests: /the oracle writes to stderr when told to debug/,
    why: "Deno takes no ES module from `--eval`, by which the test starts a second process",
  },
  {
    runtimes: ["deno"],
    file: "parity/api-key",
    tests: /the oracle writes credentials to (stderr when told to debug|its log file)/,
    why: "Deno takes no ES module from `--eval`, by which the test starts a second process",
  },
  {
    runtimes: ["deno"],
    file: "security/hardening",
    tests: /the framework is looked up only where the application's imports would find it >/,
    why: "Deno runs no folder and takes no ES module from `--eval`, by which the tests start a second process",
  },
  {
    runtimes: ["deno"],
    file: "security/hardening",
    tests:
      /key material > (of .*, the one that the framework takes counts|a JWK is read as leniently as Node reads it)/,
    why: PEM_IN_DENO,
  },
  {
    runtimes: ["deno"],
    file: "jwt/vectors",
    tests: /control-(RS|PS)256-rsa-trail-text/,
    why: PEM_IN_DENO,
  },
  {
    runtimes: ["deno"],
    file: "jwt/claims-cache",
    tests: /what is kept of each token is bounded/,
    why: "Deno takes no ES module from `--eval`, by which the test starts a second process",
  },
  {
    runtimes: ["deno"],
    file: "jwt/claims-cache",
    tests: /holds for public keys as well/,
    why: "Deno's ECDSA is deterministic, so that the test's two tokens are one",
  },
];

/**
 * Access tokens against damaged JWK Sets, metadata and introspection answers, over HTTP on loopback. What may be
 * accepted is told by the document as `JSON.parse` reads it and by the signature as Node verifies it.
 *
 * Keys are new in each process; everything else of a case is drawn from the seed and its number.
 */

import { createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import http from "node:http";
import { isDeepStrictEqual } from "node:util";
import { OAuthAuthProvider } from "../../index.js";
import { damagedAnswer, readDocument } from "./oauth-documents.js";
import { Random } from "./random.js";

export const RESOURCE = "https://mcp.example.com/mcp";
export const OTHER_RESOURCE = "https://other.example.com/mcp";

const TIMEOUT_MS = 20_000;
const AT_A_TIME = 16;
const KINDS = ["JWK Sets", "metadata", "introspection answers"];
const DIGESTS = { RS256: "sha256", ES256: "sha256" };

const PAIRS = [
  { kid: "rsa", alg: "RS256", ...generateKeyPairSync("rsa", { modulusLength: 2048 }) },
  { kid: "ec", alg: "ES256", ...generateKeyPairSync("ec", { namedCurve: "P-256" }) },
  { kid: "rsa-2", alg: "RS256", ...generateKeyPairSync("rsa", { modulusLength: 2048 }) },
];
const STRANGER = { ...PAIRS[1], ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };

const jwk = ({ kid, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid, use: "sig" });
const base64url = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * @param {object} options
 * @param {number} options.seed
 * @param {number} options.from
 * @param {number} options.to
 * @param {any} [options.Provider] another class, by which the tests show that the fuzzer can fail
 * @param {(failure: { number: number, kind: string, problem: string, details: string }) => void} options.report
 * @returns {Promise<Record<string, { accepted: number, rejected: number }>>} by kind
 */
export async function runOAuthCases({ seed, from, to, Provider = OAuthAuthProvider, report }) {
  const tally = Object.fromEntries(KINDS.map((kind) => [kind, { accepted: 0, rejected: 0 }]));
  const answers = new Map();
  const server = http.createServer((request, response) => {
    const { text, status, headers } = answers.get(request.url) ?? { text: "", status: 404, headers: {} };
    request.resume();
    response.writeHead(status, headers).end(text);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const { emitWarning } = process;
  // Each issuer that fails is warned of.
  process.emitWarning = () => {};
  const unhandled = (error) =>
    report({ number: from, kind: "any", problem: "unhandled rejection", details: String(error?.stack) });
  process.on("unhandledRejection", unhandled);
  try {
    let next = from;
    const work = async () => {
      while (next < to) {
        const number = next++;
        const one = makeCase(new Random(seed, number), `${origin}/${number}`);
        for (const [url, answer] of Object.entries(one.answers))
          answers.set(url.slice(origin.length), answer);
        const { problem, accepted } = await judge(Provider, one);
        for (const url of Object.keys(one.answers)) answers.delete(url.slice(origin.length));
        tally[one.kind][accepted ? "accepted" : "rejected"] += 1;
        if (problem !== undefined) {
          const details = JSON.stringify({ answers: one.answers, header: one.header, claims: one.claims });
          report({ number, kind: one.kind, problem, details });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, work));
  } finally {
    process.emitWarning = emitWarning;
    process.off("unhandledRejection", unhandled);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  return tally;
}

async function judge(Provider, one) {
  const provider = new Provider({
    resource: RESOURCE,
    authorizationServers: [one.issuer],
    validation: { issuer: one.issuer, audience: RESOURCE, ...one.validation },
  });
  let timer;
  try {
    const request = { headers: { authorization: `Bearer ${one.token}` }, url: "/mcp", socket: {} };
    const late = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("no answer")), TIMEOUT_MS);
    });
    const verdict = await Promise.race([provider.authenticate(request), late]);
    return { accepted: verdict !== false, problem: problemOf(verdict, one) };
  } catch (error) {
    return { accepted: false, problem: `threw: ${error?.stack}` };
  } finally {
    clearTimeout(timer);
    provider.close();
  }
}

function problemOf(verdict, { isIntact, mayAccept, token }) {
  if (verdict === false) {
    return isIntact ? "rejected a right token" : undefined;
  }
  const claims = mayAccept();
  if (claims === undefined) {
    return "accepted what must be rejected";
  }
  // Through JSON: registered claims that an answer does not have are there without a value.
  const data = JSON.parse(JSON.stringify(verdict.data));
  return isDeepStrictEqual(data, { ...claims, token }) ? undefined : "handed on other claims";
}

function makeCase(random, issuer) {
  const kind = random.pick(KINDS);
  return kind === "introspection answers"
    ? introspectionCase(random, issuer, kind)
    : signedCase(random, issuer, kind);
}

function rightClaims(issuer) {
  return { sub: "user-7", iss: issuer, aud: RESOURCE, exp: 4_102_444_800, iat: 1_700_000_000, scope: "mcp" };
}

/** A token that is right, or wrong in one point. */
function signedToken(random, issuer) {
  const pair = random.chance(0.9) ? random.pick(PAIRS) : STRANGER;
  const { kid, alg, privateKey } = pair;
  const header = { alg, kid: random.chance(0.95) ? kid : random.pick(["", "other", "rsa", "__proto__"]) };
  const wrong = random.weighted([
    [12, {}],
    [1, { aud: OTHER_RESOURCE }],
    [1, { aud: OTHER_RESOURCE, client_id: RESOURCE }],
    [1, { iss: `${issuer}/` }],
    [1, { exp: 1_700_000_001 }],
    [1, { exp: undefined }],
    [1, { sub: undefined }],
  ]);
  const claims = JSON.parse(JSON.stringify({ ...rightClaims(issuer), ...wrong }));
  const input = `${base64url(header)}.${base64url(claims)}`;
  const signature = sign(DIGESTS[alg], Buffer.from(input), { key: privateKey, dsaEncoding: "ieee-p1363" });
  if (random.chance(0.05)) {
    signature[random.below(signature.length)] ^= 1 << random.below(8);
  }
  const isRight = isRightFor(claims, issuer) && pair !== STRANGER && header.kid === kid;
  return { header, claims, input, signature, isRight, token: `${input}.${signature.toString("base64url")}` };
}

function isRightFor({ sub, iss, aud, exp }, issuer) {
  return sub === "user-7" && iss === issuer && aud === RESOURCE && exp === 4_102_444_800;
}

/** Whether a key that the set publishes for signatures, under this `kid`, made the signature. */
function isSignedBy(set, { header, input, signature }) {
  const keys = Array.isArray(set?.keys) && Object.hasOwn(set, "keys") ? set.keys : [];
  return keys.some((key) => {
    if (typeof key !== "object" || key === null || !Object.hasOwn(key, "kid") || key.kid !== header.kid) {
      return false;
    }
    if (Object.hasOwn(key, "d") || (Object.hasOwn(key, "use") && key.use !== "sig")) {
      return false;
    }
    try {
      const publicKey = createPublicKey({ key, format: "jwk" });
      const options = { key: publicKey, dsaEncoding: "ieee-p1363" };
      return verify(DIGESTS[header.alg], Buffer.from(input), options, signature);
    } catch {
      return false;
    }
  });
}

function signedCase(random, issuer, kind) {
  const one = signedToken(random, issuer);
  const jwks = `${issuer}/jwks`;
  const elsewhere = `${issuer}/elsewhere`;
  const keys = PAIRS.map(jwk);
  const others = [jwk(STRANGER), { ...keys[0], ...PAIRS[0].privateKey.export({ format: "jwk" }) }];
  const values = [...keys, ...others, ...PAIRS.map(({ kid }) => kid), "enc", "sig", "RS256", "oct", "AQAB"];
  const asIs = (document) => ({
    text: JSON.stringify(document),
    status: 200,
    headers: { "content-type": "application/json" },
    isIntact: true,
  });
  const isDiscovered = kind === "metadata";
  const set = isDiscovered ? asIs({ keys }) : damagedAnswer(random, { keys }, values);
  const origin = new URL(issuer);
  const metadata = isDiscovered
    ? damagedAnswer(random, { issuer, jwks_uri: jwks, scopes_supported: ["mcp"] }, [
        issuer,
        `${issuer}/`,
        jwks,
        elsewhere,
        elsewhere.replace("http:", "ftp:"),
        jwks.replace("http://", "http://user:password@"),
        jwks.replace("127.0.0.1", "[::ffff:127.0.0.1]"),
      ])
    : undefined;
  const wellKnown = `${origin.origin}/.well-known/openid-configuration${origin.pathname}`;
  const signed = {
    [jwks]: set,
    // What a stranger's metadata leads to.
    [elsewhere]: asIs({ keys: [jwk(STRANGER)] }),
  };
  return {
    ...one,
    kind,
    issuer,
    answers: metadata === undefined ? signed : { ...signed, [wellKnown]: metadata },
    validation: { type: "jwt", ...(isDiscovered ? {} : { jwksUri: jwks }) },
    isIntact: set.isIntact && (metadata?.isIntact ?? true) && one.isRight && isSignedBy({ keys }, one),
    mayAccept() {
      let served = readDocument(set.text);
      let isServed = set.status === 200;
      if (metadata !== undefined) {
        const document = readDocument(metadata.text);
        const isOfIssuer = document?.issuer === issuer && Object.hasOwn(document, "issuer");
        // The same server by another spelling of its address, which is not loopback: only https would be required there.
        const url = String(document?.jwks_uri).replace("[::ffff:127.0.0.1]", "127.0.0.1");
        const target = isOfIssuer ? signed[url] : undefined;
        isServed = metadata.status === 200 && target !== undefined;
        served = readDocument(target?.text ?? "");
      }
      return isServed && isRightFor(one.claims, issuer) && isSignedBy(served, one) ? one.claims : undefined;
    },
  };
}

function introspectionCase(random, issuer, kind) {
  const endpoint = `${issuer}/introspect`;
  const right = { active: true, token_type: "Bearer", client_id: "client", ...rightClaims(issuer) };
  const answer = damagedAnswer(random, right, [
    issuer,
    RESOURCE,
    OTHER_RESOURCE,
    [OTHER_RESOURCE, RESOURCE],
    false,
    1_700_000_001,
    "refresh_token",
    "id",
  ]);
  return {
    kind,
    issuer,
    answers: { [endpoint]: answer },
    token: `opaque-${random.bytes(12).toString("hex")}`,
    validation: {
      type: "introspection",
      introspection: { endpoint, clientId: "resource-server", clientSecret: "fuzz-secret-1f7a" },
    },
    isIntact: answer.isIntact,
    mayAccept() {
      const claims = readDocument(answer.text);
      if (answer.status !== 200 || typeof claims !== "object" || claims === null || Array.isArray(claims)) {
        return undefined;
      }
      const { active, sub, iss, aud, exp } = Object.fromEntries(Object.entries(claims));
      const isSubject = (typeof sub === "string" && sub !== "") || (typeof sub === "number" && sub !== 0);
      const isForUs = [aud].flat().includes(RESOURCE);
      const lasts = Number(exp) * 1000 > Date.now() && ["number", "string"].includes(typeof exp);
      return active === true && isSubject && iss === issuer && isForUs && lasts ? claims : undefined;
    },
  };
}

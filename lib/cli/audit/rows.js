import { networkInterfaces } from "node:os";
import { parseChallenges } from "./challenge.js";
import { isListening } from "./command.js";
import {
  forged,
  isAccepted,
  isDocument,
  isObject,
  junk,
  STATEFUL,
  STATELESS,
  stateful,
  stateless,
} from "./subject.js";

/** No site has this name: RFC 2606. */
const FOREIGN_ORIGIN = "https://audit.invalid";

/** A page of another origin on this machine, as a developer's tool in a browser is. */
const LOCAL_ORIGIN = "http://localhost:6274";

/** RFC 6750 §3.1, RFC 9449 §7.1 and §9, RFC 9470 §3. */
const ERROR_CODES = new Set([
  "invalid_request",
  "invalid_token",
  "insufficient_scope",
  "invalid_dpop_proof",
  "use_dpop_nonce",
  "insufficient_user_authentication",
]);

const ONCE = ["realm", "scope", "error", "error_description", "error_uri"];

const DESCRIPTION = /^[\x20-\x21\x23-\x5b\x5d-\x7e]*$/;
const SCOPES = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;

const REJECTIONS = new Set([400, 401, 403]);

const FLOOD = 12;

/** After which a rotated key must be accepted; polled at these times, in milliseconds from the first attempt. */
const ROTATION_MS = [0, 1000, 3000, 10_000, 20_000, 35_000];

/** @returns {Judgement} */
const pass = (received) => ({ verdict: "pass", received });
/** @returns {Judgement} */
const fail = (received) => ({ verdict: "fail", received });
/** @returns {Judgement} */
const skip = (reason) => ({ verdict: "not checked", reason });

/**
 * @typedef {{ verdict: "pass" | "fail", received: string } | { verdict: "not checked", reason: string }} Judgement
 *
 * @typedef {object} Row
 * @property {string} id
 * @property {string} title what holds on a right server
 * @property {string} source
 * @property {string} level
 * @property {(keyof typeof NEEDS)[]} [needs] what must be there for the row to be checked
 * @property {string} sent
 * @property {(subject: Subject) => Judgement | Promise<Judgement>} judge
 * @property {string} fix how to fix it, with an option of this package if it has one
 *
 * @typedef {import("./subject.js").Subject} Subject
 */

/** Each gives why a row cannot be checked, or nothing. @type {Record<string, (subject: Subject) => string | undefined | false | null>} */
const NEEDS = {
  bearer: (subject) =>
    subject.usesHeaderOfItsOwn &&
    subject.challenge === undefined &&
    "the server takes keys, not OAuth tokens: it sends no Bearer challenge",
  challenge: (subject) => subject.challenge === undefined && "there is no Bearer challenge; see C4",
  metadata: (subject) => subject.metadata === undefined && "no metadata was found; see D1",
  credential: (subject) => subject.whyNoCredential,
  header: (subject) => subject.usesHeaderOfItsOwn && "the credential is not sent as Bearer",
  issuer: (subject) => subject.issuer === undefined && "needs --issuer",
  session: (subject) =>
    subject.session === undefined && `the server has no sessions, or does not speak ${STATEFUL}`,
  stateless: (subject) => !subject.generations.has(STATELESS) && `the server does not speak ${STATELESS}`,
  token: (subject) => !isJwt(subject.token) && "the credential is not a JWT",
};

/** Why the row cannot be checked with this server and these arguments. @param {Row} row @param {Subject} subject */
export function findObstacle({ needs = [] }, subject) {
  for (const need of needs) {
    const reason = NEEDS[need](subject);
    if (reason) {
      return reason;
    }
  }
  return undefined;
}

const OURS_METADATA = "requireAuth(provider, { resource, authorizationServers })";

/** @type {Row[]} */
export const ROWS = [
  {
    id: "D1",
    title: "Publishes protected resource metadata",
    source: "RFC 9728 §3; MCP 2025-11-25, Authorization Server Location",
    level: "MUST",
    needs: ["bearer"],
    sent: "GET of the URL in the challenge and of both well-known URIs",
    judge: (subject) =>
      subject.metadata
        ? pass("a document with resource")
        : fail(
            `no document: ${[
              ["named", subject.documents.named],
              ["path form", subject.documents.path],
              ["root form", subject.documents.root],
            ]
              .filter(([, answer]) => answer)
              .map(([name, answer]) => `${name} ${/** @type {any} */ (answer).status}`)
              .join(", ")}`,
          ),
    fix: `${OURS_METADATA}, or an OAuthAuthProvider with both; on Express, mount it for the well-known path too`,
  },
  {
    id: "D2",
    title: "authorization_servers names at least one issuer",
    source: "MCP 2025-11-25, Authorization Server Location; RFC 8414 §2",
    level: "MUST",
    needs: ["bearer", "metadata"],
    sent: "GET of the metadata",
    judge: ({ metadata: { authorization_servers: servers } }) => {
      if (!Array.isArray(servers) || servers.length === 0) {
        return fail(
          servers === undefined
            ? "authorization_servers is missing"
            : "authorization_servers is not a list with an entry",
        );
      }
      return servers.every(isIssuerIdentifier)
        ? pass(`${servers.length}`)
        : fail("an entry is not an https URL without query and fragment");
    },
    fix: 'authorizationServers: ["https://login.example.com"]',
  },
  {
    id: "D3",
    title: "The challenge names the metadata",
    source: "RFC 9728 §5.1; MUST in MCP 2025-06-18, later this or D4",
    level: "MUST",
    needs: ["bearer", "challenge"],
    sent: "POST without a credential",
    judge: (subject) => {
      const text = subject.parameter(subject.challenge, "resource_metadata");
      if (text === undefined) {
        return fail("no resource_metadata");
      }
      if (!URL.canParse(text) || !/^https?:/i.test(text)) {
        return fail(`resource_metadata is not an absolute URL: ${subject.show(text)}`);
      }
      const url = subject.namedMetadata();
      if (url === undefined) {
        return fail(`resource_metadata is on another origin than the resource: ${subject.show(text)}`);
      }
      if (subject.metadata === undefined) {
        return skip("no metadata was found; see D1");
      }
      return isDocument(subject.metadataAnswer) && subject.metadataAt(url) === subject.metadataAnswer
        ? pass(subject.show(text))
        : fail(`${subject.show(text)} is not a metadata document`);
    },
    fix: `${OURS_METADATA}: the URL in the challenge follows from resource`,
  },
  {
    id: "D4",
    title: "The metadata is at a well-known URI",
    source: "RFC 9728 §3; MCP 2025-11-25, Protected Resource Metadata Discovery",
    level: "MUST",
    needs: ["bearer", "metadata"],
    sent: "GET of both well-known URIs",
    judge: ({ documents }) =>
      isDocument(documents.path) || isDocument(documents.root)
        ? pass("found")
        : fail(`path form ${documents.path?.status ?? "–"}, root form ${documents.root?.status ?? "–"}`),
    fix: `${OURS_METADATA} on the whole server, or for the path /.well-known/oauth-protected-resource too`,
  },
  {
    id: "D5",
    title: "The well-known segment is between host and path",
    source: "RFC 9728 §3.1",
    level: "MUST",
    needs: ["bearer", "metadata"],
    sent: "GET of the well-known URI in path form",
    judge: ({ documents, url }) => {
      if (url.pathname === "/") {
        return skip("the resource has no path");
      }
      if (!isDocument(documents.path) && !isDocument(documents.root)) {
        return skip("there is no document at a well-known URI; see D4");
      }
      return isDocument(documents.path)
        ? pass("200")
        : fail(`${documents.path?.status}, only the root form is there`);
    },
    fix: `${OURS_METADATA}; on mcp-framework, auth.guard(server): the framework alone serves the root form`,
  },
  {
    id: "D6",
    title: "resource is the URL of this server",
    source: "RFC 9728 §1.2, §3.3",
    level: "MUST",
    needs: ["bearer", "metadata"],
    sent: "GET of the metadata",
    judge: (subject) => {
      const { resource } = subject.metadata;
      if (typeof resource !== "string" || !URL.canParse(resource)) {
        return fail("resource is not a URL");
      }
      const { protocol, hostname, hash } = new URL(resource);
      if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
        return fail(`resource is not an https URL: ${subject.show(resource)}`);
      }
      if (hash !== "" || resource.includes("#")) {
        return fail("resource has a fragment");
      }
      return isSameResource(resource, subject.resource)
        ? pass(subject.show(resource))
        : fail(
            `resource is ${subject.show(resource)}, not ${subject.resource} (--resource if that is meant)`,
          );
    },
    fix: "resource: the public URL of the endpoint, as clients enter it",
  },
  {
    id: "D7",
    title: "The metadata is JSON, without empty members",
    source: "RFC 9728 §2, §3.2",
    level: "MUST",
    needs: ["bearer", "metadata"],
    sent: "GET of the metadata",
    judge: (subject) => {
      const type = subject.metadataAnswer?.field("content-type") ?? "";
      if (!/^application\/json\s*(;|$)/i.test(type)) {
        return fail(`content-type: ${subject.show(type) || "missing"}`);
      }
      const empty = Object.entries(subject.metadata).filter(
        ([, value]) => value === null || value?.length === 0,
      );
      return empty.length === 0
        ? pass("application/json")
        : fail(`members without a value: ${subject.show(empty.map(([name]) => name).join(", "))}`);
    },
    fix: `${OURS_METADATA} serves it so`,
  },
  {
    id: "D9",
    title: "offline_access is not requested",
    source: "MCP 2026-07-28, Refresh Tokens (SEP-2207)",
    level: "SHOULD NOT",
    needs: ["bearer"],
    sent: "POST without a credential, GET of the metadata",
    judge: (subject) => {
      const places = [
        [subject.metadata?.scopes_supported, "scopes_supported"],
        [subject.challengedScopes(subject.challenge), "the challenge"],
      ].filter(([scopes]) => Array.isArray(scopes) && scopes.includes("offline_access"));
      return places.length === 0
        ? pass("not there")
        : fail(`in ${places.map(([, place]) => place).join(" and ")}`);
    },
    fix: "leave it out of scopesSupported and requiredScopes",
  },
  {
    id: "D10",
    title: "resource is in canonical form",
    source: "MCP 2025-11-25, Canonical Server URI",
    level: "SHOULD",
    needs: ["bearer", "metadata"],
    sent: "GET of the metadata",
    judge: (subject) => {
      const { resource } = subject.metadata;
      if (typeof resource !== "string" || !URL.canParse(resource)) {
        return skip("resource is not a URL; see D6");
      }
      const { origin, pathname } = new URL(resource);
      if (!resource.startsWith(origin)) {
        return fail(
          `scheme and host are not in lower case, or a default port is there: ${subject.show(resource)}`,
        );
      }
      return pathname.endsWith("/") && pathname !== "/" && !subject.resource.endsWith("/")
        ? fail(`ends in a slash that the URL has not: ${subject.show(resource)}`)
        : pass(subject.show(resource));
    },
    fix: "write resource with scheme and host in lower case and without a slash at the end",
  },
  {
    id: "D12",
    title: "Metadata is served over TLS",
    source: "RFC 9728 §3, §7",
    level: "MUST",
    needs: ["bearer", "challenge"],
    sent: "POST without a credential",
    judge: (subject) => {
      const text = subject.parameter(subject.challenge, "resource_metadata");
      if (text === undefined || !URL.canParse(text)) {
        return skip("the challenge names none; see D3");
      }
      const { protocol, hostname } = new URL(text);
      return protocol === "https:" || isLoopback(hostname)
        ? pass(protocol.slice(0, -1))
        : fail(subject.show(text));
    },
    fix: "resource: the https URL that clients use, whatever the proxy speaks to the server",
  },
  {
    id: "C1",
    title: "No credential, or an unknown one: 401",
    source: "MCP 2025-11-25, Error Handling; RFC 6750 §3.1",
    level: "MUST",
    sent: "POST without a credential, with random text, with a forged JWT",
    judge: async (subject) => {
      const answers = {
        "without a credential": subject.anonymous,
        "random text": await subject.wrong(),
        "a forged JWT": await subject.once("forged", () =>
          subject.ask({ token: forged(subject.issuerName) }),
        ),
      };
      const others = Object.entries(answers).filter(([, { status }]) => status !== 401);
      return others.length === 0
        ? pass("401, 401, 401")
        : fail(others.map(([name, { status }]) => `${name}: ${status}`).join(", "));
    },
    fix: "put requireAuth's gate in front of the whole endpoint; auth.verifier({ invalidToken }) where the host has its own",
  },
  {
    id: "C2",
    title: "A valid token without the scope: 403",
    source: "MCP 2025-11-25, Error Handling",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "POST with a token without scopes",
    judge: async (subject) => {
      const answer = await lacking(subject);
      if (answer.status === 403) {
        return pass("403");
      }
      if (isAccepted(answer)) {
        return subject.given.tool === undefined
          ? skip("a token without scopes is enough; name a tool that needs one with --tool")
          : fail(`${answer.status}: the tool was called`);
      }
      return fail(subject.describe(answer));
    },
    fix: 'requiredScopes, and toolScopes: { name: ["scope"] }',
  },
  {
    id: "C3",
    title: "A malformed Authorization header: 400",
    source: "RFC 6750 §3.1; MCP 2025-11-25, Error Handling",
    level: "MUST",
    needs: ["bearer"],
    sent: "POST with Authorization: Bearer and two words",
    judge: async (subject) => {
      const answer = await malformed(subject);
      return answer.status === 400 ? pass("400") : fail(subject.describe(answer));
    },
    fix: "requireAuth answers so on every host",
  },
  {
    id: "C4",
    title: "Each rejection has a complete challenge",
    source: "RFC 6750 §3; RFC 9110 §11.6.1",
    level: "MUST",
    sent: "the requests of C1 and C3",
    judge: async (subject) => {
      const answers = {
        "without a credential": subject.anonymous,
        "random text": await subject.wrong(),
        ...(!NEEDS.bearer(subject) && { "two words": await malformed(subject) }),
      };
      const problems = Object.entries(answers)
        .filter(([, { status }]) => REJECTIONS.has(status))
        .map(([name, answer]) => [name, lackOfChallenge(subject, answer)])
        .filter(([, problem]) => problem);
      return problems.length === 0
        ? pass("scheme and parameters")
        : fail(problems.map(([name, problem]) => `${name}: ${problem}`).join(", "));
    },
    fix: "requireAuth writes it on every host",
  },
  {
    id: "C5",
    title: "No error code without a credential",
    source: "RFC 6750 §3.1",
    level: "SHOULD NOT",
    needs: ["bearer", "challenge"],
    sent: "POST without a credential",
    judge: (subject) => {
      const error = subject.parameter(subject.challenge, "error");
      return error === undefined ? pass("no error") : fail(`error="${subject.show(error)}"`);
    },
    fix: "requireAuth leaves it out",
  },
  {
    id: "C6",
    title: "A rejected token has a registered error code",
    source: "RFC 6750 §3.1",
    level: "MUST",
    needs: ["bearer", "challenge"],
    sent: "POST with random text as token, and with two words",
    judge: async (subject) => {
      const found = [];
      for (const answer of [await subject.wrong(), await malformed(subject)]) {
        const challenge = REJECTIONS.has(answer.status) && subject.challengeOf(answer);
        if (challenge && challenge.parameters.length > 0) {
          found.push(subject.parameter(challenge, "error"));
        }
      }
      if (found.length === 0) {
        return skip("a rejected token gets no Bearer challenge; see C4");
      }
      const wrong = found.filter((error) => !ERROR_CODES.has(error));
      return wrong.length === 0
        ? pass(found.join(", "))
        : fail(wrong.map((error) => (error === undefined ? "no error" : subject.show(error))).join(", "));
    },
    fix: "requireAuth sends invalid_token, invalid_request or insufficient_scope",
  },
  {
    id: "C7",
    title: "Each parameter appears once in a challenge",
    source: "RFC 6750 §3",
    level: "MUST NOT",
    needs: ["bearer", "challenge"],
    sent: "the requests of C1 and C3",
    judge: async (subject) => {
      const twice = (await challengesSeen(subject)).flatMap(({ parameters }) =>
        ONCE.filter((name) => parameters.filter(([key]) => key === name).length > 1),
      );
      return twice.length === 0 ? pass("once") : fail(`more than once: ${[...new Set(twice)].join(", ")}`);
    },
    fix: "let one layer write the challenge",
  },
  {
    id: "C8",
    title: "The challenge has legal characters",
    source: "RFC 6750 §3; RFC 9110 §5.6.4",
    level: "MUST NOT",
    needs: ["bearer"],
    sent: "the requests of C1 and C3",
    judge: async (subject) => {
      for (const answer of await rejections(subject)) {
        const { error, challenges } = parseChallenges(answer.fields("www-authenticate"));
        if (error !== undefined) {
          return fail(error);
        }
        for (const [name, value] of challenges.flatMap(({ parameters }) => parameters)) {
          const pattern = name === "scope" ? SCOPES : /^error/.test(name) ? DESCRIPTION : undefined;
          if (pattern !== undefined && !pattern.test(value)) {
            return fail(`${name} has characters that it must not have: ${subject.show(value)}`);
          }
        }
      }
      return pass("legal");
    },
    fix: "requireAuth escapes and cleans each value",
  },
  {
    id: "C9",
    title: "The 401 names the scopes to ask for",
    source: "MCP 2025-11-25, Scope Selection (SEP-835)",
    level: "SHOULD",
    needs: ["bearer", "challenge"],
    sent: "POST without a credential",
    judge: (subject) => {
      const scope = subject.parameter(subject.challenge, "scope");
      if (scope !== undefined) {
        return pass(subject.show(scope));
      }
      return Array.isArray(subject.metadata?.scopes_supported) && subject.metadata.scopes_supported.length > 0
        ? fail("no scope, though the metadata names some")
        : skip("the server names no scopes");
    },
    fix: "requiredScopes",
  },
  {
    id: "C10",
    title: "A 403 says what is missing and where to get it",
    source: "MCP 2025-11-25, Runtime Insufficient Scope Errors",
    level: "SHOULD",
    needs: ["issuer", "credential"],
    sent: "POST with a token without scopes",
    judge: async (subject) => {
      const answer = await lacking(subject);
      if (answer.status !== 403) {
        return skip("no 403 was seen; see C2");
      }
      const challenge = subject.challengeOf(answer);
      const missing = ["scope", "resource_metadata"].filter((name) => !subject.parameter(challenge, name));
      if (subject.parameter(challenge, "error") !== "insufficient_scope") {
        missing.unshift('error="insufficient_scope"');
      }
      return missing.length === 0 ? pass(subject.describe(answer)) : fail(`without ${missing.join(", ")}`);
    },
    fix: "requiredScopes or toolScopes, with resource",
  },
  {
    id: "C11",
    title: "One challenge names all scopes of the operation",
    source: "MCP 2026-07-28, Runtime Insufficient Scope (SEP-2350)",
    level: "SHOULD",
    needs: ["issuer", "credential"],
    sent: "POST with a token of the scopes that the 403 named",
    judge: async (subject) => {
      const needed = subject.challengedScopes(subject.challengeOf(await lacking(subject)));
      if (needed.length === 0) {
        return skip("no 403 named scopes; see C10");
      }
      const scope = [...new Set([...baseScopes(subject), ...needed])].join(" ");
      const answer = await operate(subject, subject.goodToken({ scope }));
      return answer.status === 403 || answer.status === 401
        ? fail(`still rejected: ${subject.describe(answer)}`)
        : pass(`${answer.status}`);
    },
    fix: "toolScopes lists all scopes of a tool; requireAuth names them at once",
  },
  {
    id: "C13",
    title: "The same operation asks for the same scopes",
    source: "MCP 2025-11-25, Scope Selection",
    level: "SHOULD",
    needs: ["bearer", "challenge"],
    sent: "POST without a credential, twice",
    judge: async (subject) => {
      const again = subject.challengeOf(await subject.once("again", () => subject.ask({})));
      const [first, second] = [subject.challenge, again].map((one) =>
        subject.challengedScopes(one).sort().join(" "),
      );
      return first === second
        ? pass("equal")
        : fail(`${subject.show(first) || "none"}, then ${subject.show(second) || "none"}`);
    },
    fix: "requiredScopes and toolScopes are fixed lists",
  },
  {
    id: "C14",
    title: "An expired token is 401 even if it lacks a scope",
    source: "RFC 6750 §3.1; MCP 2025-11-25, Error Handling",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "POST with an expired token without scopes",
    judge: async (subject) => {
      const answer = await operate(subject, subject.goodToken({ exp: hoursFromNow(-1), scope: undefined }));
      return answer.status === 401 ? pass("401") : fail(subject.describe(answer));
    },
    fix: "requireAuth checks scopes last",
  },
  {
    id: "C15",
    title: "Several schemes: one challenge each, Bearer first",
    source: "RFC 9110 §11.6.1; MCP clients read the first",
    level: "MUST",
    needs: ["bearer"],
    sent: "POST without a credential",
    judge: (subject) => {
      const { challenges, error } = parseChallenges(subject.anonymous.fields("www-authenticate"));
      if (error !== undefined) {
        return skip("the header does not parse; see C8");
      }
      if (challenges.length < 2) {
        return skip("there is one scheme only");
      }
      const schemes = challenges.map(({ scheme }) => scheme).join(", ");
      return challenges[0].scheme === "bearer" || subject.challenge === undefined
        ? pass(subject.show(schemes))
        : fail(`${subject.show(schemes)}: clients that read the first find no metadata`);
    },
    fix: "requireAuth(anyOf([…])) puts Bearer first",
  },
  {
    id: "C16",
    title: "Web clients can read the challenge",
    source: "Fetch standard, CORS protocol",
    level: "SHOULD",
    sent: "OPTIONS and POST without a credential, with the Origin of a web client",
    judge: judgeCors,
    fix: "requireAuth exposes WWW-Authenticate and answers preflights itself; allowedOrigins",
  },
  {
    id: "C17",
    title: "The name of the scheme is compared without case",
    source: "RFC 9110 §11.1",
    level: "MUST",
    needs: ["credential", "header"],
    sent: "POST with the credential after bearer in lower case",
    judge: async (subject) => {
      const answer = await subject.ask({ ...subject.greeting, authorization: `bearer ${subject.token}` });
      return isAccepted(answer) ? pass(`${answer.status}`) : fail(subject.describe(answer));
    },
    fix: "requireAuth accepts any case; caseInsensitiveScheme on mcp-framework alone",
  },
  {
    id: "B1",
    title: "Authorization: Bearer is supported",
    source: "RFC 6750 §2.1; MCP 2025-11-25, Token Requirements; RS256: RFC 9068 §2.1",
    level: "MUST",
    needs: ["header"],
    sent: "POST with the credential; with --issuer, a token of RFC 9068 signed with RS256",
    judge: (subject) => {
      if (subject.token === undefined) {
        return skip(/** @type {string} */ (subject.whyNoCredential));
      }
      const { welcome } = subject;
      return welcome && isAccepted(welcome)
        ? pass(`${welcome.status}`)
        : fail(welcome ? subject.describe(welcome) : "no answer");
    },
    fix: "is it a credential of this server? With --issuer, give the server the issuer, key set and audience that the audit prints",
  },
  {
    id: "B2",
    title: "A token in the query is ignored",
    source: "MCP 2025-11-25, Token Requirements",
    level: "MUST NOT",
    needs: ["credential"],
    sent: "POST with the credential as access_token in the query",
    judge: async (subject) => {
      const query = new URLSearchParams({ access_token: subject.token ?? "" }).toString();
      const answer = await subject.ask({ query });
      return isAccepted(answer) ? fail(`accepted: ${answer.status}`) : pass(`${answer.status}`);
    },
    fix: "requireAuth reads headers only; queryFallback of APIKeyAuthProvider stays off",
  },
  {
    id: "B3",
    title: "Every request is authenticated, also in a session",
    source: "MCP 2025-11-25, Token Requirements",
    level: "MUST",
    needs: ["credential"],
    sent: "tools/list without a credential, in a session if there is one",
    judge: async (subject) => {
      const answer = await subject.ask(subject.listing());
      return REJECTIONS.has(answer.status) ? pass(`${answer.status}`) : fail(subject.describe(answer));
    },
    fix: "put the gate in front of POST, GET and DELETE alike",
  },
  {
    id: "B4",
    title: "A token in two places: 400",
    source: "RFC 6750 §2, §3.1",
    level: "SHOULD",
    needs: ["bearer"],
    sent: "POST with random text as token, in the header and in the query",
    judge: async (subject) => {
      const token = junk();
      const query = new URLSearchParams({ access_token: token }).toString();
      const answer = await subject.ask({ authorization: `Bearer ${token}`, query });
      return answer.status === 400 ? pass("400") : fail(subject.describe(answer));
    },
    fix: "requireAuth rejects it",
  },
  {
    id: "B5",
    title: "A second word or a list after Bearer is rejected",
    source: "RFC 6750 §2.1",
    level: "MUST",
    needs: ["credential", "header"],
    sent: "POST with the credential and a second word, and with the credential twice",
    judge: (subject) =>
      mustReject(subject, {
        "a second word": { authorization: `Bearer ${subject.token} audit` },
        "a list": { authorization: `Bearer ${subject.token}, Bearer ${subject.token}` },
      }),
    fix: "requireAuth accepts one b64token; strict on mcp-framework alone",
  },
  {
    id: "H1",
    title: "A foreign Origin is rejected: 403",
    source: "MCP 2025-11-25, Transports, Security Warning",
    level: "MUST",
    sent: `POST with Origin: ${FOREIGN_ORIGIN}`,
    judge: judgeOrigin,
    fix: "allowedOrigins; on loopback requireAuth allows loopback names only",
  },
  {
    id: "H2",
    title: "A local server listens on loopback only",
    source: "MCP 2025-11-25, Transports, Security Warning",
    level: "SHOULD",
    sent: "a connection to the same port of another address of this machine",
    judge: async ({ url }) => {
      if (!isLoopback(url.hostname)) {
        return skip("the URL is not on loopback");
      }
      const address = Object.values(networkInterfaces())
        .flat()
        .find((one) => one?.family === "IPv4" && !one.internal)?.address;
      if (address === undefined) {
        return skip("this machine has no other address");
      }
      return (await isListening({ hostname: address, port: url.port, protocol: url.protocol }))
        ? fail("something listens on another address too")
        : pass("nothing listens there");
    },
    fix: 'listen on 127.0.0.1: server.listen(port, "127.0.0.1")',
  },
  {
    id: "H3",
    title: "A session is not a credential",
    source: "MCP 2025-11-25, Security Best Practices, Session Hijacking",
    level: "MUST NOT",
    needs: ["credential", "session"],
    sent: "tools/list in the session with random text as credential",
    judge: async (subject) => {
      const answer = await subject.ask({ ...subject.listing(), token: junk() });
      return REJECTIONS.has(answer.status) ? pass(`${answer.status}`) : fail(subject.describe(answer));
    },
    fix: "put the gate in front of POST, GET and DELETE alike",
  },
  {
    id: "H4",
    title: "Session ids cannot be guessed",
    source: "MCP 2025-11-25, Session Management",
    level: "MUST",
    needs: ["credential", "session"],
    sent: "initialize three times",
    judge: async (subject) => {
      const ids = [subject.session, await subject.beginSession(), await subject.beginSession()];
      if (ids.some((id) => id === undefined)) {
        return skip("a second initialize began no session");
      }
      const [first, ...others] = /** @type {string[]} */ (ids);
      if (!ids.every((id) => /^[\x21-\x7e]+$/.test(id ?? ""))) {
        return fail("an id has characters other than visible ASCII");
      }
      return others.every((other) => differences(first, other) >= 8) &&
        first !== others[0] &&
        others[0] !== others[1]
        ? pass(`${first.length} characters`)
        : fail("the ids are short or much alike");
    },
    fix: "sessionIdGenerator: () => crypto.randomUUID()",
  },
  {
    id: "H5",
    title: "A session belongs to the principal that started it",
    source: "MCP 2025-11-25, Security Best Practices, Session Hijacking",
    level: "SHOULD",
    needs: ["credential", "session"],
    sent: "tools/list and DELETE in the session with a valid credential of another principal",
    judge: async (subject) => {
      const other = subject.otherToken;
      if (other === undefined) {
        return skip("needs --issuer or a second credential (MCP_AUDIT_OTHER_TOKEN)");
      }
      const alone = await subject.once("other", () => subject.ask({ token: other }));
      if (!isAccepted(alone)) {
        return skip(`the second credential was answered ${alone.status}`);
      }
      const listed = await subject.ask({ ...subject.listing(), token: other });
      if (isAccepted(listed)) {
        return fail(`tools/list: ${listed.status}`);
      }
      const { headers } = subject.listing();
      const ended = await subject.ask({ method: "DELETE", headers, token: other });
      return isAccepted(ended) ? fail(`DELETE: ${ended.status}`) : pass(`${listed.status}, ${ended.status}`);
    },
    fix: "bindSessions (default); on mcp-framework, auth.guard(server)",
  },
  {
    id: "H7",
    title: "No session id: 400; an unknown one: 404",
    source: "MCP 2025-11-25, Session Management",
    level: "MUST",
    needs: ["credential", "session"],
    sent: "tools/list without a session id, and with an invented one",
    judge: async (subject) => {
      const without = await subject.ask({ ...stateful("tools/list", {}), token: subject.token });
      const invented = await subject.ask({
        ...stateful("tools/list", {}, crypto.randomUUID()),
        token: subject.token,
      });
      return without.status === 400 && invented.status === 404
        ? pass("400, 404")
        : fail(`${without.status}, ${invented.status}`);
    },
    fix: "answer 404 in the code that looks up transports by session id",
  },
  {
    id: "H8",
    title: "An unknown protocol version: 400",
    source: "MCP 2025-11-25, Protocol Version Header",
    level: "MUST",
    needs: ["credential"],
    sent: "tools/list with MCP-Protocol-Version: 1999-01-01",
    judge: async (subject) => {
      const { headers, body } = subject.listing();
      const answer = await subject.ask({
        headers: { ...headers, "mcp-protocol-version": "1999-01-01" },
        body,
        token: subject.token,
      });
      return answer.status === 400 ? pass("400") : fail(`${answer.status}`);
    },
    fix: "update the server's SDK",
  },
  {
    id: "H9",
    title: "Headers that contradict the body: 400",
    source: "MCP 2026-07-28, Server Validation (SEP-2243)",
    level: "MUST",
    needs: ["credential", "stateless"],
    sent: "tools/list under Mcp-Method: server/discover; two names for one tool",
    judge: async (subject) => {
      const list = stateless("tools/list");
      const call = stateless(
        "tools/call",
        { name: "audit-no-such-tool", arguments: {} },
        "audit-another-tool",
      );
      const answers = [
        await subject.ask({
          ...list,
          headers: { ...list.headers, "mcp-method": "server/discover" },
          token: subject.token,
        }),
        await subject.ask({ ...call, token: subject.token }),
      ].map(({ status }) => status);
      return answers.every((status) => status === 400) ? pass("400, 400") : fail(answers.join(", "));
    },
    fix: "requireAuth reads the body; update the server's SDK",
  },
  {
    id: "H10",
    title: "Without sessions, GET and DELETE are 405",
    source: "MCP 2026-07-28, Earlier Revisions",
    level: "SHOULD",
    needs: ["credential", "stateless"],
    sent: "GET and DELETE with the credential",
    judge: async (subject) => {
      if (subject.generations.has(STATEFUL)) {
        return skip(`the server speaks ${STATEFUL} too`);
      }
      const answers = [];
      for (const method of ["GET", "DELETE"]) {
        answers.push((await subject.ask({ method, token: subject.token })).status);
      }
      return answers.every((status) => status === 405) ? pass("405, 405") : fail(answers.join(", "));
    },
    fix: "route POST only, or update the server's SDK",
  },
  {
    id: "H11",
    title: "A list that depends on the caller is private",
    source: "MCP 2026-07-28, Caching (SEP-2549)",
    level: "MUST",
    needs: ["credential", "stateless"],
    sent: "tools/list with credentials of two principals",
    judge: async (subject) => {
      const list = async (token) => (await subject.ask({ ...stateless("tools/list"), token })).json?.result;
      const mine = await list(subject.token);
      if (!isObject(mine)) {
        return skip("tools/list had no result");
      }
      if (mine.cacheScope === "private") {
        return pass("private");
      }
      const other = subject.otherToken;
      if (other === undefined) {
        return skip("needs --issuer or a second credential (MCP_AUDIT_OTHER_TOKEN)");
      }
      const theirs = await list(other);
      return JSON.stringify(mine.tools) === JSON.stringify(theirs?.tools)
        ? pass("public, and equal for two principals")
        : fail("the lists differ, and cacheScope is not private");
    },
    fix: 'cacheScope: "private"',
  },
  {
    id: "T1",
    title: "Nothing is processed before authentication",
    source: "MCP 2025-11-25, Access Token Privilege Restriction",
    level: "MUST",
    sent: "without a credential: POST of text that is not JSON, GET, DELETE",
    judge: async (subject) => {
      const answers = {
        POST: await subject.ask({ body: "{" }),
        GET: await subject.ask({ method: "GET" }),
        DELETE: await subject.ask({ method: "DELETE", headers: { "mcp-session-id": crypto.randomUUID() } }),
      };
      const wrong = Object.entries(answers).filter(
        ([method, { status }]) => ![401, 403, ...(method === "POST" ? [] : [405])].includes(status),
      );
      return wrong.length === 0
        ? pass(
            Object.values(answers)
              .map(({ status }) => status)
              .join(", "),
          )
        : fail(wrong.map(([method, { status }]) => `${method}: ${status}`).join(", "));
    },
    fix: "put the gate before the body parser; on mcp-framework, auth.guard(server)",
  },
  {
    id: "T2",
    title: "A token for another resource is rejected",
    source: "MCP 2025-11-25, Token Handling; RFC 8707 §2; RFC 9068 §4",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "tokens with another audience, with none, with a list of others",
    judge: (subject) =>
      rejectTokens(subject, {
        "another audience": { aud: "https://audit.invalid/mcp" },
        "no audience": { aud: undefined },
        "a list of others": { aud: ["https://audit.invalid/mcp", `${subject.resource}.invalid`] },
      }),
    fix: "audience; OAuthAuthProvider takes it from resource",
  },
  {
    id: "T3",
    title: "client_id and azp do not count as audience",
    source: "MCP 2025-11-25, Access Token Privilege Restriction",
    level: "MUST NOT",
    needs: ["issuer", "credential"],
    sent: "a token of another audience with the resource as client_id and azp",
    judge: (subject) =>
      rejectTokens(subject, {
        "client_id and azp": {
          aud: "https://audit.invalid/mcp",
          client_id: subject.issuer?.audience,
          azp: subject.issuer?.audience,
        },
      }),
    fix: "OAuthAuthProvider compares client_id only where a token has no aud",
  },
  {
    id: "T4",
    title: "A token of another issuer is rejected",
    source: "RFC 9068 §4; RFC 8725 §3.8",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "tokens with another issuer, with a slash more, with none",
    judge: (subject) =>
      rejectTokens(subject, {
        "another issuer": { iss: "https://audit.invalid" },
        "a slash more": { iss: `${subject.issuer?.url}/` },
        "no issuer": { iss: undefined },
      }),
    fix: "issuer; OAuthAuthProvider takes it from authorizationServers",
  },
  {
    id: "T5",
    title: "An expired token, or one that never expires, is rejected",
    source: "RFC 9068 §2.2, §4",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "tokens that expired an hour ago, and without exp",
    judge: (subject) =>
      rejectTokens(subject, { expired: { exp: hoursFromNow(-1) }, "no exp": { exp: undefined } }),
    fix: "requireExpiration (default)",
  },
  {
    id: "T6",
    title: "The type is at+jwt or application/at+jwt",
    source: "RFC 9068 §4",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "tokens with typ application/at+jwt and example+jwt",
    judge: async (subject) => {
      const long = await subject.ask({
        ...subject.greeting,
        token: subject.goodToken({}, { typ: "application/at+jwt" }),
      });
      return isAccepted(long)
        ? rejectTokens(subject, { "example+jwt": {} }, { typ: "example+jwt" })
        : fail(`application/at+jwt: ${subject.describe(long)}`);
    },
    fix: "typ; OAuthAuthProvider tells types apart by itself",
  },
  {
    id: "T7",
    title: "Tokens of other kinds are not access tokens",
    source: "RFC 8725 §3.11, §3.12; OpenID Connect Core §2",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "an ID token, a logout token, an ID-JAG and a DPoP proof for the resource",
    judge: async (subject) => {
      const kinds = {
        "an ID token": [
          {
            nonce: "audit",
            at_hash: "77QmUPtjPfzWtF2AnpK9RQ",
            auth_time: hoursFromNow(0),
            client_id: undefined,
            scope: undefined,
          },
          { typ: "JWT" },
        ],
        "a logout token": [
          {
            events: { "http://schemas.openid.net/event/backchannel-logout": {} },
            sid: "audit",
            client_id: undefined,
          },
          { typ: "logout+jwt" },
        ],
        "an ID-JAG": [{ resource: subject.resource }, { typ: "oauth-id-jag+jwt" }],
        "a DPoP proof": [{ htm: "POST", htu: subject.url.href }, { typ: "dpop+jwt" }],
      };
      return mustReject(
        subject,
        Object.fromEntries(
          Object.entries(kinds).map(([kind, [claims, header]]) => [
            kind,
            { token: subject.goodToken(claims, header) },
          ]),
        ),
      );
    },
    fix: 'OAuthAuthProvider tells them by type and content; typ: "at+jwt" where the issuer sends it',
  },
  {
    id: "T9",
    title: "Only the issuer's algorithm and key count",
    source: "RFC 8725 §3.1, §3.2",
    level: "MUST",
    needs: ["credential", "token"],
    sent: "the token with alg none, as HS256, with one bit changed; with --issuer signed with the public key as secret, and with a foreign key",
    judge: (subject) => {
      const token = subject.token ?? "";
      const [header, claims, signature] = token.split(".");
      const signers = subject.issuer && {
        "HS256 with the public key": { token: subject.goodToken({}, { alg: "HS256" }) },
        "a foreign key": { token: subject.goodToken({}, {}, "foreign") },
      };
      return mustReject(subject, {
        none: { token: `${withAlgorithm(header, "none")}.${claims}.` },
        "HS256 in the header": { token: `${withAlgorithm(header, "HS256")}.${claims}.${signature}` },
        "one bit": { token: `${header}.${claims}.${flipBit(signature)}` },
        ...signers,
      });
    },
    fix: "algorithms; keys of JWTAuthProvider and OAuthAuthProvider have one algorithm each",
  },
  {
    id: "T11",
    title: "An unknown critical header is rejected",
    source: "RFC 7515 §4.1.11",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: 'a token with crit: ["audit"]',
    judge: (subject) => rejectTokens(subject, { crit: {} }, { crit: ["audit"], audit: true }),
    fix: "JWTAuthProvider and OAuthAuthProvider reject it",
  },
  {
    id: "T12",
    title: "A token is not valid before its time",
    source: "RFC 7519 §4.1.5",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "a token with nbf in an hour",
    judge: (subject) => rejectTokens(subject, { nbf: { nbf: hoursFromNow(1), exp: hoursFromNow(2) } }),
    fix: "JWTAuthProvider and OAuthAuthProvider reject it",
  },
  {
    id: "T13",
    title: "Only the exact credential is accepted",
    source: "RFC 7515 §2, §7.1",
    level: "MUST",
    needs: ["credential"],
    sent: "the credential in another case, with a character more, with one changed; a JWT padded and with a part more",
    judge: (subject) => {
      const token = subject.token ?? "";
      const forms = isJwt(token)
        ? {
            padding: `${token}==`,
            "a part more": `${token}.e30`,
            "another case": withCase(token, token.lastIndexOf(".") + 1),
          }
        : {
            "another case": withCase(token, 0),
            "a character more": `${token}x`,
            "one changed": `${token.slice(0, -1)}${token.endsWith("x") ? "y" : "x"}`,
          };
      const changed = Object.entries(forms).filter(([, form]) => form !== token);
      return mustReject(subject, Object.fromEntries(changed.map(([name, form]) => [name, { token: form }])));
    },
    fix: "all providers compare the whole credential",
  },
  {
    id: "T15",
    title: "Keys that a token brings are ignored",
    source: "RFC 8725 §3.10; RFC 7515 §4.1.2, §4.1.3",
    level: "MUST",
    needs: ["issuer", "credential"],
    sent: "tokens of a foreign key with jku, with jwk, with a path as kid",
    judge: async (subject) => {
      const { issuer } = subject;
      const before = issuer?.foreignRequests;
      const url = `${issuer?.url}/foreign/jwks`;
      const judgement = await mustReject(subject, {
        jku: { token: subject.goodToken({}, { jku: url, x5u: url, kid: "foreign" }, "foreign") },
        jwk: { token: subject.goodToken({}, { jwk: issuer?.foreignJwk, kid: "foreign" }, "foreign") },
        "a path as kid": {
          token: subject.goodToken({}, { alg: "HS256", kid: "../../../../../../dev/null" }, ""),
        },
      });
      return issuer?.foreignRequests === before ? judgement : fail("the URL in the header was asked for");
    },
    fix: "JWTAuthProvider and OAuthAuthProvider never read them",
  },
  {
    id: "K2",
    title: "Unknown key ids do not flood the issuer, and a new key is accepted",
    source: "OpenID Connect Core §10.1.1; practice",
    level: "SHOULD",
    needs: ["issuer", "credential"],
    sent: `${FLOOD} tokens with unknown key ids, then one of a key that was added`,
    judge: async (subject) => {
      const { issuer } = subject;
      if (!issuer) {
        return skip("needs --issuer");
      }
      const before = issuer.keyRequests;
      const flood = () => {
        const answer = subject.ask({ token: subject.goodToken({}, { kid: crypto.randomUUID() }, "foreign") });
        // It is awaited below. One that fails before that would end the process.
        answer.catch(() => {});
        return answer;
      };
      const answers = Array.from({ length: FLOOD / 2 }, flood);
      // Each after the keys that the one before has asked for have come; a verifier may let requests wait.
      for (let index = 0; index < FLOOD / 2; index++) {
        await subject.pause(100);
        answers.push(flood());
      }
      await Promise.all(answers);
      const asked = issuer.keyRequests - before;
      if (asked > FLOOD / 2) {
        return fail(`the keys were asked for ${asked} times`);
      }
      await issuer.rotate("key-2");
      return untilAccepted(subject, "key-2", `the keys were asked for ${asked} times; `);
    },
    fix: "OAuthAuthProvider, or jwksUri of JWTAuthProvider",
  },
  {
    id: "K3",
    title: "Keys of unknown types are skipped",
    source: "RFC 7517 §5",
    level: "SHOULD",
    needs: ["issuer", "credential"],
    sent: "a token of a key that was added along with keys of unknown types",
    judge: async (subject) => {
      await subject.issuer?.rotate("key-3", { isStrange: true });
      return untilAccepted(subject, "key-3", "");
    },
    fix: "OAuthAuthProvider skips them",
  },
  {
    id: "K4",
    title: "Known keys keep working while the issuer is down",
    source: "practice",
    level: "SHOULD",
    needs: ["issuer", "credential"],
    sent: "a token of a known key while the issuer breaks each connection",
    judge: async (subject) => {
      subject.issuer?.goDown();
      try {
        const answer = await subject.ask({ ...subject.greeting, token: subject.goodToken() });
        return isAccepted(answer) ? pass(`${answer.status}`) : fail(subject.describe(answer));
      } finally {
        subject.issuer?.comeUp();
      }
    },
    fix: "OAuthAuthProvider keeps the last good keys for a stated time",
  },
  {
    id: "T17",
    title: "The server's output holds no credential",
    source: "MCP 2025-11-25, Token Theft; OAuth 2.1 §7.1",
    level: "MUST",
    sent: "all of the above",
    judge: (subject) => {
      if (subject.output === undefined) {
        return skip("needs the server's command after --");
      }
      return subject.leaks(subject.output())
        ? fail("a credential, or part of one, is there")
        : pass("nothing found");
    },
    fix: "log the reason and keyId of an event, never the request",
  },
];

/** The operation whose scopes are judged: a call of the tool that `--tool` names, or else the opening request. */
function operate(subject, token) {
  const { tool } = subject.given;
  return subject.ask({ ...(tool !== undefined && subject.call(tool)), token });
}

/** The scopes that every request needs, where a tool may need more. */
function baseScopes(subject) {
  return subject.given.tool === undefined ? [] : subject.challengedScopes(subject.challenge);
}

/** The answer to a valid token without the scopes of the operation. */
function lacking(subject) {
  const scope = baseScopes(subject).join(" ") || undefined;
  return subject.once("lacking", () => operate(subject, subject.goodToken({ scope })));
}

function malformed(subject) {
  return subject.once("malformed", () => subject.ask({ authorization: `Bearer ${junk()} audit` }));
}

/** The rejections that every server gives. */
async function rejections(subject) {
  const answers = [subject.anonymous, await subject.wrong(), await malformed(subject)];
  return answers.filter(({ status }) => REJECTIONS.has(status));
}

async function challengesSeen(subject) {
  return (await rejections(subject)).flatMap(
    (answer) => parseChallenges(answer.fields("www-authenticate")).challenges,
  );
}

function lackOfChallenge(subject, answer) {
  const values = answer.fields("www-authenticate");
  if (values.length === 0) {
    return "no WWW-Authenticate";
  }
  const { challenges, error } = parseChallenges(values);
  if (error !== undefined) {
    // C8 says so.
    return undefined;
  }
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  if (bearer === undefined) {
    return subject.usesHeaderOfItsOwn ? undefined : "no Bearer challenge";
  }
  return bearer.parameters.length === 0 ? "Bearer without a parameter" : undefined;
}

/** @returns {Promise<Judgement>} */
async function mustReject(subject, requests) {
  const statuses = [];
  for (const [name, request] of Object.entries(requests)) {
    const answer = await subject.ask(request);
    if (!REJECTIONS.has(answer.status)) {
      return fail(`${name}: ${isAccepted(answer) ? `accepted, ${answer.status}` : answer.status}`);
    }
    statuses.push(answer.status);
  }
  return pass(statuses.join(", "));
}

function rejectTokens(subject, claims, header = {}) {
  return mustReject(
    subject,
    Object.fromEntries(
      Object.entries(claims).map(([name, changes]) => [name, { token: subject.goodToken(changes, header) }]),
    ),
  );
}

/** @returns {Promise<Judgement>} */
async function untilAccepted(subject, key, note) {
  const start = performance.now();
  let answer;
  for (const at of ROTATION_MS) {
    await subject.pause(at - (performance.now() - start));
    answer = await subject.ask({ ...subject.greeting, token: subject.goodToken({}, {}, key) });
    if (isAccepted(answer)) {
      return pass(`${note}accepted after ${Math.round((performance.now() - start) / 1000)} s`);
    }
  }
  return fail(
    `${note}the new key is rejected after ${Number(ROTATION_MS.at(-1)) / 1000} s: ${subject.describe(answer)}`,
  );
}

/** @param {Subject} subject @returns {Promise<Judgement>} */
async function judgeOrigin(subject) {
  const { token, given } = subject;
  const usable = token !== undefined && subject.whyNoCredential === undefined;
  const foreign = await subject.ask({ ...(usable && { token }), headers: { origin: FOREIGN_ORIGIN } });
  if (
    foreign.field("access-control-allow-origin") === FOREIGN_ORIGIN &&
    foreign.field("access-control-allow-credentials") === "true"
  ) {
    return fail(
      "any site may read answers, and send cookies: the Origin is sent back with Allow-Credentials",
    );
  }
  if (foreign.status === 403) {
    if (given.origin === undefined || !usable) {
      return pass("403");
    }
    const allowed = await subject.ask({ token, headers: { origin: given.origin } });
    return isAccepted(allowed) ? pass("403") : fail(`${allowed.status} for the origin that --origin names`);
  }
  if (!isLoopback(subject.url.hostname) && given.origin === undefined) {
    return skip("the server may mean to serve every origin; name the one that it allows with --origin");
  }
  if (foreign.status === 401) {
    return skip(usable ? "the credential is not accepted there" : "401 comes first; needs a credential");
  }
  return fail(`${foreign.status}`);
}

/** @param {Subject} subject @returns {Promise<Judgement>} */
async function judgeCors(subject) {
  const { given, url } = subject;
  const origin = given.origin ?? (isLoopback(url.hostname) ? LOCAL_ORIGIN : FOREIGN_ORIGIN);
  const answer = await subject.ask({ headers: { origin } });
  if (given.origin === undefined) {
    if (answer.status === 403) {
      return skip(`${origin} is rejected; name an allowed origin with --origin`);
    }
    if (answer.field("access-control-allow-origin") === undefined) {
      return skip(
        "the server sends no CORS headers; to require them, name a web client's origin with --origin",
      );
    }
  }
  const preflight = await subject.ask({
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  });
  if (!isAccepted(preflight)) {
    return fail(`preflight: ${preflight.status}`);
  }
  if (
    ![answer, preflight].every((one) =>
      ["*", origin].includes(one.field("access-control-allow-origin") ?? ""),
    )
  ) {
    return fail("Access-Control-Allow-Origin does not name the origin");
  }
  const exposed = answer
    .fields("access-control-expose-headers")
    .join(",")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  return exposed.includes("www-authenticate") || exposed.includes("*")
    ? pass("exposed")
    : fail(`${answer.status} without Access-Control-Expose-Headers: WWW-Authenticate`);
}

function isIssuerIdentifier(text) {
  if (typeof text !== "string" || !URL.canParse(text)) {
    return false;
  }
  const { protocol, hostname } = new URL(text);
  return (protocol === "https:" || (protocol === "http:" && isLoopback(hostname))) && !/[?#]/.test(text);
}

export function isLoopback(hostname) {
  return /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

function isSameResource(one, other) {
  const [first, second] = [one, other].map((text) => new URL(text).href.replace(/\/$/, ""));
  return first === second;
}

function hoursFromNow(hours) {
  return Math.floor(Date.now() / 1000) + hours * 3600;
}

function isJwt(token) {
  if (token === undefined || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
    return false;
  }
  try {
    return isObject(JSON.parse(Buffer.from(token.slice(0, token.indexOf(".")), "base64url").toString()));
  } catch {
    return false;
  }
}

function withAlgorithm(header, alg) {
  const fields = { ...JSON.parse(Buffer.from(header, "base64url").toString()), alg };
  return Buffer.from(JSON.stringify(fields)).toString("base64url");
}

function flipBit(signature) {
  const bytes = Buffer.from(signature, "base64url");
  bytes[bytes.length >> 1] ^= 1;
  return bytes.toString("base64url");
}

/** The same text with its first letter from `start` on in the other case. */
function withCase(text, start) {
  const index = start + text.slice(start).search(/[A-Za-z]/);
  if (index < start) {
    return text;
  }
  const letter = text[index];
  const other = letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase();
  return text.slice(0, index) + other + text.slice(index + 1);
}

/** In how many places two texts differ. */
function differences(one, other) {
  const length = Math.max(one.length, other.length);
  return Array.from({ length }, (_, index) => one[index] !== other[index]).filter(Boolean).length;
}

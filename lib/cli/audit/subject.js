import { randomBytes, randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { parseChallenges } from "./challenge.js";
import { ProbeError } from "./probe.js";

/** Revisions of the protocol: with a handshake and sessions, and without. */
export const STATEFUL = "2025-11-25";
export const STATELESS = "2026-07-28";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

const CLIENT = { name: "mcp-native-auth-audit", version: "1" };

/** The server limits attempts: what it would answer otherwise is not seen. */
export class LimitedError extends Error {}

/** What is audited: what was asked once and many rows judge. */
export class Subject {
  #client;
  #signal;
  #redactor;
  /** Those that the audit began, each with its credential. @type {Map<string, string | undefined>} */
  #sessions = new Map();
  #remembered = new Map();
  url;
  /** The identifier that the server is meant to have. @type {string} */
  resource;
  /** @type {import("./issuer.js").Issuer | undefined} */
  issuer;
  /** @type {{ token?: string, other?: string, header: string, origin?: string, tool?: string, scopes?: string[] }} */
  given;
  /** What a command that was started has printed. @type {(() => string) | undefined} */
  output;
  /** The answer to a request without a credential. @type {any} */
  anonymous;
  /** @type {import("./challenge.js").Challenge | undefined} the first for `Bearer` */
  challenge;
  /** @type {{ path?: import("./probe.js").Answer, root?: import("./probe.js").Answer, named?: import("./probe.js").Answer }} */
  documents = {};
  /** @type {import("./probe.js").Answer | undefined} */
  metadataAnswer;
  /** The metadata: the document that the challenge names, or else the one at a well-known URI. @type {any} */
  metadata;
  /** A credential that must be accepted. @type {string | undefined} */
  token;
  /** The answer to it. @type {import("./probe.js").Answer | undefined} */
  welcome;
  generations = new Set();

  constructor({ url, resource, client, redactor, issuer, given, output, signal }) {
    this.#signal = signal;
    this.url = url;
    this.resource = resource;
    this.#client = client;
    this.#redactor = redactor;
    this.issuer = issuer;
    this.given = given;
    this.output = output;
  }

  /**
   * Finds what kind of server it is.
   *
   * @throws {ProbeError} if there is none that can be audited
   */
  async learn() {
    this.anonymous = await this.ask({});
    const { status } = this.anonymous;
    if (status >= 300 && status < 400) {
      const location = this.show(this.anonymous.field("location") ?? "nowhere");
      throw new ProbeError(`the server redirects (${status}) to ${location}; audit that URL`);
    }
    if (status === 404 || status === 405) {
      throw new ProbeError(
        `the server answers ${status} to POST; is this the URL of its Streamable HTTP endpoint?`,
      );
    }
    this.challenge = this.challengeOf(this.anonymous);
    await this.#findMetadata();
    const { issuer } = this;
    if (issuer !== undefined) {
      issuer.audience = this.resource;
    }
    this.token = issuer ? this.goodToken() : this.given.token;
    if (this.token !== undefined) {
      await this.#enter();
    }
  }

  /** All that the server says it needs. */
  get scopes() {
    const supported = this.metadata?.scopes_supported;
    return (
      this.given.scopes ?? [
        ...new Set([
          ...this.challengedScopes(this.challenge),
          ...(Array.isArray(supported) ? supported.map(String) : []),
        ]),
      ]
    );
  }

  challengedScopes(challenge) {
    return (this.parameter(challenge, "scope") ?? "").split(" ").filter((scope) => scope !== "");
  }

  goodToken(changes = {}, header = {}, signer = "key-1") {
    const scope = this.scopes.join(" ");
    return this.issuer?.token({ ...(scope !== "" && { scope }), ...changes }, header, signer) ?? "";
  }

  async #findMetadata() {
    const named = this.namedMetadata();
    const { pathname } = this.url;
    const get = (path, search = "") => this.get(Object.assign(new URL(this.url), { pathname: path, search }));
    if (pathname !== "/") {
      this.documents.path = await get(WELL_KNOWN + pathname);
    }
    this.documents.root = await get(WELL_KNOWN);
    if (named !== undefined && named.pathname !== WELL_KNOWN + pathname && named.pathname !== WELL_KNOWN) {
      this.documents.named = await get(named.pathname, named.search);
    }
    this.metadataAnswer = [named && this.metadataAt(named), this.documents.path, this.documents.root].find(
      (answer) => isDocument(answer),
    );
    this.metadata = this.metadataAnswer?.json;
  }

  /** What a URL of the metadata was answered. */
  metadataAt({ pathname }) {
    return (
      { [WELL_KNOWN + this.url.pathname]: this.documents.path, [WELL_KNOWN]: this.documents.root }[
        pathname
      ] ?? this.documents.named
    );
  }

  /** Where the challenge says that the metadata is, if that is a URL of this server. */
  namedMetadata() {
    const text = this.parameter(this.challenge, "resource_metadata");
    if (text === undefined || !URL.canParse(text)) {
      return undefined;
    }
    const { host } = new URL(text);
    return host === this.url.host || host === new URL(this.resource).host ? new URL(text) : undefined;
  }

  async #enter() {
    this.welcome = await this.ask({ token: this.token });
    if (isAccepted(this.welcome)) {
      this.generations.add(STATEFUL);
      await this.#remember(this.welcome, this.token);
    }
    const discovered = await this.ask({ token: this.token, ...stateless("server/discover") });
    if (
      isAccepted(discovered) &&
      isObject(discovered.json?.result) &&
      discovered.json.result.supportedVersions
    ) {
      this.generations.add(STATELESS);
      if (!isAccepted(this.welcome)) {
        this.welcome = discovered;
        this.opening = stateless("server/discover");
      }
    }
  }

  /** What is sent unless a row says more. */
  opening = stateful("initialize", {
    protocolVersion: STATEFUL,
    capabilities: {},
    clientInfo: CLIENT,
  });

  /** Why the credential cannot be used. @returns {string | undefined} */
  get whyNoCredential() {
    if (this.token === undefined) {
      return "needs a credential (MCP_AUDIT_TOKEN, --stdin) or --issuer";
    }
    return isAccepted(this.welcome)
      ? undefined
      : `${this.issuer ? "the token of the audit's issuer" : "the credential"} was answered ${this.welcome?.status}; see B1`;
  }

  /** A session that the credential began. @returns {string | undefined} */
  get session() {
    return this.#remembered.get("session");
  }

  async #remember(answer, token) {
    const session = answer.field("mcp-session-id");
    if (session === undefined) {
      return;
    }
    if (!this.#remembered.has("session")) {
      this.#remembered.set("session", session);
      await this.ask({ token, ...stateful("notifications/initialized", undefined, session) });
    }
  }

  /** Another session of the credential. */
  async beginSession() {
    const answer = await this.ask({ token: this.token });
    return answer.field("mcp-session-id");
  }

  /** Ends the sessions of the audit. */
  async leave() {
    for (const [session, token] of this.#sessions) {
      const headers = { "mcp-session-id": session, "mcp-protocol-version": STATEFUL };
      await this.ask({ token, method: "DELETE", headers }).catch(() => {});
    }
  }

  /** The list of tools: harmless, and never open by the protocol. */
  listing(session = this.session) {
    return this.generations.has(STATEFUL) || !this.generations.has(STATELESS)
      ? stateful("tools/list", {}, session)
      : stateless("tools/list");
  }

  /** A request that must be accepted from the principal of the credential, and begins no session if that can be. */
  get greeting() {
    return this.session === undefined ? {} : this.listing();
  }

  /** A call of the tool that `--tool` names, without arguments. */
  call(name) {
    return this.generations.has(STATEFUL)
      ? stateful("tools/call", { name, arguments: {} }, this.session)
      : stateless("tools/call", { name, arguments: {} }, name);
  }

  /**
   * @param {object} request
   * @param {string} [request.token] sent as the credential is
   * @param {string} [request.authorization] an `Authorization` header instead
   * @param {string} [request.query]
   * @param {string} [request.method]
   * @param {Record<string, string>} [request.headers]
   * @param {string} [request.body]
   * @throws {LimitedError | ProbeError}
   */
  async ask({ token, authorization, query, method = "POST", headers, body }) {
    if (token !== undefined) {
      this.#redactor.hide(token);
    }
    // Names of schemes are no secret.
    for (const part of (authorization ?? "").split(/[\s,]+/).filter((text) => text.length > 8)) {
      this.#redactor.hide(part);
    }
    const url = new URL(this.url);
    if (query !== undefined) {
      url.search = query;
    }
    const credential = token === undefined ? {} : this.#place(token);
    const answer = await this.#client.send({
      method,
      url,
      headers: {
        accept: "application/json, text/event-stream",
        ...(method === "POST" && { "content-type": "application/json" }),
        ...(body === undefined && method === "POST" && this.opening.headers),
        ...headers,
        ...credential,
        ...(authorization !== undefined && { authorization }),
      },
      body: method === "POST" ? (body ?? this.opening.body) : undefined,
    });
    if (answer.status === 429) {
      throw new LimitedError("the server limits attempts (429); raise its limit, or use --only");
    }
    const session = answer.field("mcp-session-id");
    if (session !== undefined && !this.#sessions.has(session)) {
      this.#sessions.set(session, token);
    }
    return answer;
  }

  #place(token) {
    const { header } = this.given;
    return { [header]: header === "authorization" ? `Bearer ${token}` : token };
  }

  /** How many were sent. */
  get requests() {
    return this.#client.requests;
  }

  get usesHeaderOfItsOwn() {
    return this.given.header !== "authorization";
  }

  /** @param {number} ms */
  async pause(ms) {
    await sleep(Math.max(0, ms), undefined, { signal: this.#signal });
  }

  /** A document, without a credential. */
  get(url, headers = {}) {
    return this.#client.send({ method: "GET", url, headers: { accept: "application/json", ...headers } });
  }

  /** Answers are remembered by name, so that several rows judge the same. */
  async once(name, ask) {
    if (!this.#remembered.has(name)) {
      this.#remembered.set(name, await ask());
    }
    return this.#remembered.get(name);
  }

  challengeOf(answer) {
    return parseChallenges(answer.fields("www-authenticate")).challenges.find(
      ({ scheme }) => scheme === "bearer",
    );
  }

  parameter(challenge, name) {
    return challenge?.parameters.find(([key]) => key === name)?.[1];
  }

  /** Text of the server that may be shown. */
  show(text, maxLength) {
    return this.#redactor.show(text, maxLength);
  }

  /** The answer to text that is not a credential. */
  wrong() {
    return this.once("wrong", () => this.ask({ token: junk() }));
  }

  /** A valid credential of another principal. @returns {string | undefined} */
  get otherToken() {
    return this.issuer
      ? this.goodToken({ sub: "audit-other", client_id: "audit-other-client" })
      : this.given.other;
  }

  /** Whose token a forged one claims to be. */
  get issuerName() {
    const named = this.metadata?.authorization_servers?.[0];
    return this.issuer?.url ?? (typeof named === "string" ? named : this.resource);
  }

  /** Whether text holds a credential that was sent. */
  leaks(text) {
    return this.#redactor.finds(text);
  }

  /** Status and challenge in one line. */
  describe(answer) {
    const challenge = answer.fields("www-authenticate").join(", ");
    return challenge === "" ? `${answer.status}` : `${answer.status}, ${this.show(challenge)}`;
  }
}

/**
 * A request of a revision with a handshake.
 *
 * @param {string} method
 * @param {object} [params]
 * @param {string} [session]
 */
export function stateful(method, params, session = undefined) {
  const isNotification = method.startsWith("notifications/");
  /** @type {Record<string, string>} */
  const headers = {
    ...(method !== "initialize" && { "mcp-protocol-version": STATEFUL }),
    ...(session !== undefined && { "mcp-session-id": session }),
  };
  return {
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", ...(!isNotification && { id: 1 }), method, params }),
  };
}

/**
 * A request of the revision without sessions, in which each says all.
 *
 * @param {string} method
 * @param {object} [params]
 * @param {string} [name]
 */
export function stateless(method, params = {}, name = undefined) {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": STATELESS,
    "io.modelcontextprotocol/clientInfo": CLIENT,
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  /** @type {Record<string, string>} */
  const headers = {
    "mcp-protocol-version": STATELESS,
    "mcp-method": method,
    ...(name !== undefined && { "mcp-name": name }),
  };
  return {
    headers,
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: { ...params, _meta: meta } }),
  };
}

/** @param {import("./probe.js").Answer | undefined} answer */
export function isAccepted(answer) {
  return answer !== undefined && answer.status >= 200 && answer.status < 300;
}

export function isDocument(answer) {
  return answer?.status === 200 && isObject(answer.json) && "resource" in answer.json;
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A token that was not issued. */
export function junk() {
  return `audit-${randomBytes(24).toString("hex")}`;
}

/** A token that has the form of one, with a random signature. */
export function forged(issuer) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: "audit", aud: "audit", exp: now + 600, iat: now, jti: randomUUID() };
  return `${encode({ alg: "RS256", typ: "at+jwt", kid: randomUUID() })}.${encode(claims)}.${randomBytes(256).toString("base64url")}`;
}

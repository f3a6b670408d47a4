import { createHmac, createPublicKey, randomUUID, verify } from "node:crypto";
import { once } from "node:events";
import http from "node:http";

const WELL_KNOWN = "/.well-known/oauth-protected-resource";
const STATEFUL = "2025-11-25";
const STATELESS = "2026-07-28";
const MIN_FETCH_MS = 400;
const LOCAL = /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?$/;

/**
 * An MCP server whose authorization is right in every row of the audit, but for what a defect changes. Nothing of it is
 * shared with the package.
 *
 * @typedef {object} Defect every member is a place where something can be wrong
 * @property {(document: any) => unknown} [metadata] what is published
 * @property {string[]} [documents] the paths where it is published
 * @property {string} [contentType] of the document
 * @property {(rejection: { status: number, challenge: string | undefined, headers: Record<string, string> }, why: string) => any} [rejection]
 * @property {(request: any) => unknown} [admits] requests that are answered unasked
 * @property {string[]} [unchecked] checks that are left out
 * @property {(req: http.IncomingMessage) => string | undefined} [credential] another place for a credential
 * @property {() => string} [sessionId]
 * @property {string} [host] where it listens
 * @property {string} [resource] the public URL
 * @property {string} [audience] what tokens must be for
 * @property {Record<string, number>} [statuses] of the transport
 * @property {object} [listing] members of the answer to tools/list
 * @property {(line: string) => void} [log]
 *
 * @param {{ issuer: string, port?: number, revision?: string, defect?: Defect, keys?: Record<string, string> }} options
 */
export async function auditedServer({ issuer, port = 0, revision = STATEFUL, defect = {}, keys }) {
  const unchecked = new Set(defect.unchecked);
  const sessions = new Map();
  const keySet = new KeySet(`${issuer}/jwks`, unchecked);
  const server = http.createServer((req, res) => {
    serve(req, res).catch((error) => {
      res.writeHead(500).end(String(error));
    });
  });
  server.listen(port, defect.host ?? "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${server.address().port}`;
  const url = `${origin}/mcp`;
  const resource = defect.resource ?? url;
  const documents = defect.documents ?? [WELL_KNOWN, `${WELL_KNOWN}/mcp`];
  const named = documents[documents.length - 1] ?? `${WELL_KNOWN}/mcp`;
  const base = { scope: "mcp", resource_metadata: new URL(named, resource).href };

  async function serve(req, res) {
    const { method } = req;
    const { pathname } = new URL(req.url, origin);
    const from = req.headers.origin;
    const cors =
      from === undefined
        ? {}
        : {
            "access-control-allow-origin": from,
            "access-control-expose-headers": "WWW-Authenticate, Mcp-Session-Id",
          };
    if (documents.includes(pathname)) {
      const document = {
        resource,
        authorization_servers: [issuer],
        scopes_supported: ["mcp", "files:write"],
        bearer_methods_supported: ["header"],
      };
      res.writeHead(200, { "content-type": defect.contentType ?? "application/json", ...cors });
      res.end(JSON.stringify(defect.metadata?.(document) ?? document));
      return;
    }
    if (pathname !== "/mcp") {
      res.writeHead(404).end();
      return;
    }
    if (from !== undefined && !LOCAL.test(from) && !unchecked.has("origin")) {
      res.writeHead(403, { "content-type": "text/plain" }).end("foreign origin");
      return;
    }
    if (method === "OPTIONS") {
      const allowed = {
        "access-control-allow-headers": "authorization, content-type",
        "access-control-allow-methods": "POST",
      };
      reply({ status: 204, challenge: undefined, headers: { ...cors, ...allowed } }, "preflight");
      return;
    }

    const text = await read(req);
    const message = parse(text);
    const identity = defect.admits?.({ req, message, sessions })
      ? { principal: "anyone", scopes: ["mcp", "files:write"] }
      : await authenticate(req);
    defect.log?.(`${method} ${req.headers.authorization}`);
    if (identity.why !== undefined) {
      return reject(identity.why);
    }
    const tool = message?.method === "tools/call" ? message.params?.name : undefined;
    const needed = ["mcp", ...(tool === "write_file" ? ["files:write"] : [])];
    if (!needed.every((scope) => identity.scopes.includes(scope)) && !unchecked.has("scope")) {
      return reject("insufficient_scope", needed);
    }
    return revision === STATELESS ? stateless() : stateful();

    function reject(why, scopes) {
      const status = { invalid_request: 400, insufficient_scope: 403 }[why] ?? 401;
      const parameters = {
        ...(why !== "none" && { error: why, error_description: "The credential was rejected" }),
        ...base,
        ...(scopes && { scope: scopes.join(" ") }),
      };
      const bearer = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`);
      reply({ status, challenge: `Bearer ${bearer.join(", ")}, ApiKey realm="mcp"`, headers: cors }, why);
    }

    function reply(rejection, why) {
      const { status, challenge, headers } = defect.rejection?.(rejection, why) ?? rejection;
      res.writeHead(status, { ...(challenge && { "www-authenticate": challenge }), ...headers });
      res.end(status === 204 ? undefined : JSON.stringify({ error: why }));
    }

    function answer(status, result, headers = {}) {
      res.writeHead(status, { "content-type": "application/json", ...cors, ...headers });
      res.end(JSON.stringify({ jsonrpc: "2.0", id: message?.id ?? null, result }));
    }

    function stateful() {
      const { principal } = identity;
      if (method !== "DELETE" && method !== "POST") {
        return answer(defect.statuses?.get ?? 405);
      }
      if (method === "POST" && message === undefined) {
        return answer(400);
      }
      if (message?.method === "initialize") {
        const id = (defect.sessionId ?? randomUUID)();
        sessions.set(id, principal);
        return answer(
          200,
          {
            protocolVersion: STATEFUL,
            capabilities: { tools: {} },
            serverInfo: { name: "right", version: "1" },
          },
          { "mcp-session-id": id },
        );
      }
      const session = req.headers["mcp-session-id"];
      if (session === undefined) {
        return answer(defect.statuses?.noSession ?? 400);
      }
      const isOther =
        sessions.get(session) !== principal && principal !== "anyone" && !unchecked.has("principal");
      if (!sessions.has(session) || isOther) {
        return answer(defect.statuses?.unknownSession ?? 404);
      }
      if (![undefined, STATEFUL].includes(req.headers["mcp-protocol-version"])) {
        return answer(defect.statuses?.version ?? 400);
      }
      if (method === "DELETE") {
        sessions.delete(session);
        return answer(200);
      }
      return message.id === undefined
        ? res.writeHead(202, cors).end()
        : answer(200, { tools: [{ name: "write_file" }] });
    }

    function stateless() {
      if (method !== "POST") {
        return answer(defect.statuses?.method ?? 405);
      }
      if (req.headers["mcp-protocol-version"] !== STATELESS) {
        return answer(defect.statuses?.version ?? 400);
      }
      const { "mcp-method": said, "mcp-name": name } = req.headers;
      if (
        (said !== message?.method || (message.params?.name ?? name) !== name) &&
        !unchecked.has("mcp headers")
      ) {
        return answer(400);
      }
      if (said === "tools/list") {
        return answer(200, {
          tools: [{ name: `of ${identity.principal}` }],
          cacheScope: "private",
          ...defect.listing,
        });
      }
      return answer(200, { supportedVersions: [STATELESS], capabilities: { tools: {} } });
    }
  }

  async function authenticate(req) {
    const { authorization } = req.headers;
    const inQuery = new URL(req.url, origin).searchParams.has("access_token");
    const own = defect.credential?.(req);
    if (keys !== undefined) {
      const key = req.headers["x-api-key"];
      const known = Object.hasOwn(keys, key ?? "") ? keys[key] : undefined;
      return known
        ? { principal: known, scopes: ["mcp", "files:write"] }
        : { why: key ? "invalid_token" : "none" };
    }
    if (authorization === undefined && own === undefined) {
      return { why: "none" };
    }
    if (inQuery && authorization !== undefined && !unchecked.has("two places")) {
      return { why: "invalid_request" };
    }
    const [, token] = /^Bearer +([\w\-.~+/]+=*)$/i.exec(authorization ?? "") ?? [];
    if ((own ?? token) === undefined) {
      return { why: "invalid_request" };
    }
    const rules = { issuer, resource: defect.audience ?? resource };
    const claims =
      (await check(own ?? token, keySet, { ...rules, unchecked })) ??
      (unchecked.has("expiry before scope") && (await unscoped(own ?? token, rules)));
    return !claims
      ? { why: "invalid_token" }
      : {
          principal: JSON.stringify([claims.iss, claims.sub]),
          scopes: String(claims.scope ?? "").split(" "),
        };
  }

  async function unscoped(token, rules) {
    const claims = await check(token, keySet, { ...rules, unchecked: new Set(["expiry"]) });
    return claims?.scope?.includes("files:write") ? undefined : claims;
  }

  return {
    url,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function check(token, keySet, { issuer, resource, unchecked }) {
  if (
    !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(unchecked.has("none") ? `${token}x` : token) &&
    !unchecked.has("form")
  ) {
    return undefined;
  }
  const [head, body, signature] = token.split(".");
  const header = parse(Buffer.from(head, "base64url").toString());
  const claims = parse(Buffer.from(body ?? "", "base64url").toString());
  if (!header || !claims) {
    return undefined;
  }
  const key = await keyOf();
  const now = Date.now() / 1000;
  const audiences = [claims.aud, unchecked.has("client_id") ? claims.client_id : undefined].flat();
  const other = /^(?:JWT|(?:logout|oauth-id-jag|dpop)\+jwt)$/.test(header.typ);
  const rules = {
    algorithm: () => header.alg === "RS256" || unchecked.has(header.alg),
    "other kinds": () => !other,
    typ: () => other || ["at+jwt", "application/at+jwt"].includes(header.typ),
    crit: () => header.crit === undefined,
    key: () => key !== undefined,
    signature: () =>
      (header.alg === "none" && unchecked.has("none")) ||
      (header.alg === "HS256" && unchecked.has("HS256")
        ? createHmac("sha256", key.export({ format: "pem", type: "spki" }))
            .update(`${head}.${body}`)
            .digest("base64url") === signature
        : verify("sha256", Buffer.from(`${head}.${body}`), key, Buffer.from(signature ?? "", "base64url"))),
    issuer: () => claims.iss === issuer,
    audience: () => audiences.includes(resource),
    expiry: () => claims.exp > now,
    "not before": () => !(claims.nbf > now),
  };
  const isRight = Object.entries(rules).every(([name, rule]) => unchecked.has(name) || rule());
  return isRight ? claims : undefined;

  async function keyOf() {
    if (unchecked.has("own key") && header.jwk) {
      return createPublicKey({ key: header.jwk, format: "jwk" });
    }
    return keySet.find(header.kid);
  }
}

/** Fetched for an unknown key id, at a bounded rate. */
class KeySet {
  #url;
  #unchecked;
  #keys = new Map();
  #fetchedAt = Number.NEGATIVE_INFINITY;

  constructor(url, unchecked) {
    this.#url = url;
    this.#unchecked = unchecked;
  }

  async find(kid) {
    const isDue = performance.now() - this.#fetchedAt > MIN_FETCH_MS || this.#unchecked.has("flood");
    if (this.#keys.has(kid) ? this.#unchecked.has("outage") : isDue) {
      this.#fetchedAt = performance.now();
      await this.#fetch().catch(() => this.#unchecked.has("outage") && this.#keys.clear());
    }
    return this.#keys.get(kid);
  }

  async #fetch() {
    const { keys } = await (await fetch(this.#url)).json();
    const read = [];
    for (const { kid, ...jwk } of keys) {
      try {
        read.push([kid, createPublicKey({ key: jwk, format: "jwk" })]);
      } catch (error) {
        if (this.#unchecked.has("strange keys")) {
          throw error;
        }
      }
    }
    this.#keys = new Map(read);
  }
}

async function read(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

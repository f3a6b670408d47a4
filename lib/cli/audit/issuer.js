import { createHmac, generateKeyPair, randomUUID, sign } from "node:crypto";
import http from "node:http";
import { promisify } from "node:util";

const LIFETIME_SECONDS = 600;

/** Keys that a verifier may not understand, and must skip: RFC 7517 §5. */
const STRANGE_KEYS = [
  { kty: "audit-unknown", kid: "strange-1", use: "sig" },
  { kty: "oct", kid: "strange-2", k: "AAAA" },
  { kty: "RSA", kid: "strange-3", use: "sig" },
];

/**
 * An authorization server on loopback: metadata, a key set, and tokens of every kind, right and wrong. It has no
 * endpoint where anyone could get one.
 */
export class Issuer {
  #server;
  #keys = new Map();
  #published = [];
  #sockets = new Set();
  /** Whether it answers. */
  isUp = true;
  /** How often the key set was asked for. */
  keyRequests = 0;
  /** How often a URL was asked for that only the header of a token names. */
  foreignRequests = 0;
  audience = "";
  url = "";

  /**
   * @param {URL} [at] where it listens; default, and with port 0: a free port
   * @param {string} [reserved] a port that another server will listen on
   */
  static async start(at, reserved) {
    const issuer = new Issuer();
    await Promise.all([issuer.#makeKey("key-1"), issuer.#makeKey("foreign")]);
    issuer.#publish(["key-1"]);
    await issuer.#listen(at);
    if (Number(at?.port ?? 0) === 0 && new URL(issuer.url).port === reserved) {
      // While this one is taken, the next free port is another one.
      const other = await Issuer.start(at);
      await issuer.stop();
      return other;
    }
    return issuer;
  }

  async #makeKey(id) {
    this.#keys.set(id, await promisify(generateKeyPair)("rsa", { modulusLength: 2048 }));
  }

  #publish(ids, others = []) {
    const keys = ids.map((kid) => ({
      ...this.#keys.get(kid).publicKey.export({ format: "jwk" }),
      kid,
      use: "sig",
      alg: "RS256",
    }));
    this.#published = [...others, ...keys];
  }

  /** A new key, as in a rotation; the old ones stay. */
  async rotate(kid, { isStrange = false } = {}) {
    await this.#makeKey(kid);
    const ids = this.#published
      .map((key) => key.kid)
      .filter((known) => known !== kid && this.#keys.has(known));
    this.#publish([...ids, kid], isStrange ? STRANGE_KEYS : []);
  }

  async #listen(at) {
    this.#server = http.createServer((request, response) => this.#answer(request, response));
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    const host = at?.hostname.replace(/^\[|\]$/g, "") ?? "127.0.0.1";
    await new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(at?.port === "" ? 80 : Number(at?.port ?? 0), host, () => resolve(undefined));
    });
    const url = new URL(at ?? "http://127.0.0.1");
    url.port = this.#server.address().port;
    this.url = url.href.replace(/\/$/, "");
  }

  get jwksUri() {
    return `${this.url}/jwks`;
  }

  #answer(request, response) {
    const send = (value) => {
      response.writeHead(200, { "content-type": "application/json", "cache-control": "max-age=300" });
      response.end(JSON.stringify(value));
    };
    const path = request.url.split("?")[0];
    if (!this.isUp) {
      request.socket.destroy();
    } else if (path === new URL(this.jwksUri).pathname) {
      this.keyRequests++;
      send({ keys: this.#published });
    } else if (path.startsWith("/foreign")) {
      this.foreignRequests++;
      send({ keys: [{ ...this.#keys.get("foreign").publicKey.export({ format: "jwk" }), kid: "foreign" }] });
    } else if (path.includes("/.well-known/")) {
      send({
        issuer: this.url,
        jwks_uri: this.jwksUri,
        authorization_endpoint: `${this.url}/authorize`,
        token_endpoint: `${this.url}/token`,
        response_types_supported: ["code"],
        code_challenge_methods_supported: ["S256"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
      });
    } else {
      response.writeHead(404).end();
    }
  }

  /** Breaks every connection, also those that are kept open. */
  goDown() {
    this.isUp = false;
    for (const socket of this.#sockets) {
      socket.destroy();
    }
  }

  comeUp() {
    this.isUp = true;
  }

  async stop() {
    this.goDown();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** What a right access token says: RFC 9068 §2.2. Members that are `undefined` are left out. */
  claims(changes = {}) {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.url,
      sub: "audit-user",
      aud: this.audience,
      exp: now + LIFETIME_SECONDS,
      iat: now,
      jti: randomUUID(),
      client_id: "audit-client",
      ...changes,
    };
  }

  /**
   * @param {Record<string, unknown>} [changes] of the claims
   * @param {Record<string, unknown>} [header] changes of the header
   * @param {string} [signer] the id of the key that signs; `kid` says `key-1` unless the header says more
   */
  token(changes, header, signer = "key-1") {
    const fields = { alg: "RS256", typ: "at+jwt", kid: signer === "foreign" ? "key-1" : signer, ...header };
    const input = `${encode(fields)}.${encode(this.claims(changes))}`;
    return `${input}.${this.#sign(fields.alg, input, signer)}`;
  }

  #sign(alg, input, signer) {
    const data = Buffer.from(input);
    switch (alg) {
      case "none":
        return "";
      case "HS256": {
        const pem = this.#keys.get("key-1").publicKey.export({ format: "pem", type: "spki" });
        return createHmac("sha256", signer === "" ? "" : pem)
          .update(data)
          .digest("base64url");
      }
      default:
        return sign("sha256", data, this.#keys.get(signer).privateKey).toString("base64url");
    }
  }

  /** The public half of the key that is never published. */
  get foreignJwk() {
    return this.#keys.get("foreign").publicKey.export({ format: "jwk" });
  }
}

function encode(value) {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

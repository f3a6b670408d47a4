/** What an authorization server answers to a resource server: JWK Sets and introspection, on loopback. */

import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { ISSUER, RESOURCE } from "./tokens.js";

/** Of introspected tokens: they outlive the run. */
const LIFETIME_SECONDS = 86_400;

export async function startIssuer() {
  const keySets = new Map();
  let introspections = 0;

  const server = createServer(async (req, res) => {
    res.setHeader("Content-Type", "application/json");
    if (req.method === "POST" && req.url === "/introspect") {
      introspections += 1;
      res.end(JSON.stringify(introspected(new URLSearchParams(await text(req)).get("token"))));
      return;
    }
    const keys = keySets.get(req.url);
    res.statusCode = keys === undefined ? 404 : 200;
    res.end(JSON.stringify({ keys }));
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  const base = `http://127.0.0.1:${server.address().port}`;

  return {
    introspectionEndpoint: `${base}/introspect`,
    /** How often the endpoint was asked since the last call. */
    takeIntrospections() {
      const count = introspections;
      introspections = 0;
      return count;
    },
    /** The URL of a set with these keys. */
    publish(name, keys) {
      keySets.set(`/${name}/jwks`, keys);
      return `${base}/${name}/jwks`;
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** RFC 7662 §2.2. */
function introspected(token) {
  const now = Math.floor(Date.now() / 1000);
  return {
    active: true,
    token_type: "Bearer",
    iss: ISSUER,
    sub: `user-${token.slice(0, 16)}`,
    aud: RESOURCE,
    client_id: "mcp-client",
    username: "ada@example.com",
    scope: "tools:read tools:call",
    iat: now,
    exp: now + LIFETIME_SECONDS,
  };
}

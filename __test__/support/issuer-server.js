import { randomUUID } from "node:crypto";
import http from "node:http";

/**
 * An issuer on loopback with metadata, a JWK Set and an introspection endpoint, none of which knows more than the test
 * says.
 *
 * @param {{ keys: object[] }} options
 */
export async function issuerServer({ keys }) {
  const sets = new Map([["/jwks", keys]]);
  /** By token: the text of the answer of the introspection endpoint. */
  const answers = new Map();
  const requests = [];
  let issuer = "";
  const server = http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    requests.push({ method: request.method, url: request.url, headers: request.headers, body });
    if (sets.has(request.url)) {
      response.end(JSON.stringify({ keys: sets.get(request.url) }));
    } else if (request.url === "/introspect") {
      response.end(answers.get(new URLSearchParams(body).get("token")) ?? '{"active":false}');
    } else if (request.url === "/.well-known/oauth-authorization-server") {
      const endpoints = { jwks_uri: `${issuer}/jwks`, introspection_endpoint: `${issuer}/introspect` };
      response.end(JSON.stringify({ issuer, ...endpoints }));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${server.address().port}`;
  return {
    issuer,
    requests,
    jwksUri: `${issuer}/jwks`,
    introspectionEndpoint: `${issuer}/introspect`,
    /** Serves a set of its own; gives its URL. */
    serveKeys(set) {
      const path = `/jwks/${randomUUID()}`;
      sets.set(path, set);
      return issuer + path;
    },
    /** Replaces the set at a URL. */
    replaceKeys(url, set) {
      sets.set(new URL(url).pathname, set);
    },
    /** Answers like this about a token, which is made up unless it is given. */
    answer(value, token = `opaque-${randomUUID()}`) {
      answers.set(token, typeof value === "string" ? value : JSON.stringify(value));
      return token;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

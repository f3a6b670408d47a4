/** Servers of every kind that `requireAuth` stands in front of. Each answers what it was told of the caller. */

import { once } from "node:events";
import { createServer } from "node:http";
import { createSecureServer } from "node:http2";
import { createAdaptorServer } from "@hono/node-server";
import express from "express";
import express4 from "express-4";
import fastify from "fastify";
import { Hono } from "hono";
import { currentAuth } from "mcp-native-auth";
import { selfSigned } from "./self-signed.js";

const said = (auth, body) =>
  JSON.stringify({
    client: auth?.clientId ?? null,
    scopes: auth?.scopes ?? null,
    same: currentAuth() === auth,
    body: body ?? null,
  });

async function listening(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: server.address().port,
    async close() {
      server.close();
      server.closeAllConnections?.();
    },
  };
}

const onNode = (auth) => (req, res) => auth.express(req, res, () => answer(req, res));

function answer(req, res) {
  res.setHeader("Content-Type", "application/json");
  res.end(said(req.auth, req.body));
}

function onExpress(make, use) {
  return (auth) => {
    const app = make();
    app.set("etag", false);
    app.disable("x-powered-by");
    use(app, auth, make);
    return listening(createServer(app));
  };
}

function onHono(auth) {
  const app = new Hono();
  for (const path of PATHS) app.use(`${path}/*`, auth.hono);
  app.all("/mcp", async (c) => {
    const text = await c.req.text();
    return c.body(said(c.get("auth"), text === "" ? undefined : JSON.parse(text)), 200, {
      "Content-Type": "application/json",
    });
  });
  return app.fetch;
}

const PATHS = ["/mcp", "/.well-known/oauth-protected-resource"];
const plain = (app, auth) => app.use(PATHS, auth.express, answer);
const parsed = (app, auth, make) => {
  app.use(make.json({ limit: "8mb" }));
  // What a body parser of Connect's kind rejects is not the gate's.
  app.use((error, _req, res, _next) => res.status(error.status).end());
  plain(app, auth);
};
const mounted = (app, auth, make) => {
  const router = make.Router();
  router.use(auth.express, answer);
  for (const path of PATHS) app.use(path, router);
};

/** `parses`: whether the body is parsed before the gate sees it, so that the parser answers what it cannot read. */
export const GATED = {
  "node:http": {
    start: (auth) => listening(createServer(onNode(auth))),
  },
  "Express 5": { start: onExpress(express, plain) },
  "Express 5, express.json() first": { start: onExpress(express, parsed), parses: true },
  "Express 5, in a router": { start: onExpress(express, mounted) },
  "Express 4": { start: onExpress(express4, plain) },
  "Express 4, express.json() first": { start: onExpress(express4, parsed), parses: true },
  "a fetch handler": {
    start: (auth) =>
      listening(
        createAdaptorServer({
          fetch: auth.wrap(
            (_request, { authInfo, parsedBody }) =>
              new Response(said(authInfo, parsedBody), { headers: { "Content-Type": "application/json" } }),
          ),
        }),
      ),
  },
  Hono: {
    start: (auth) => listening(createAdaptorServer({ fetch: onHono(auth) })),
  },
  Fastify: {
    parses: true,
    start: async (auth) => {
      const app = fastify({ bodyLimit: 8 * 1024 * 1024 });
      await app.register(auth.fastify);
      app.route({
        method: ["GET", "POST", "DELETE", "OPTIONS", "HEAD"],
        url: "/mcp",
        handler: (request, reply) => {
          reply.header("Content-Type", "application/json");
          return reply.send(said(request.auth, request.body ?? undefined));
        },
      });
      await app.listen({ port: 0, host: "127.0.0.1" });
      return { port: app.server.address().port, close: () => app.close() };
    },
  },
};

/** As servers that speak both versions have it: HTTP/2 for those who ask for it in TLS, HTTP/1.1 for all others. */
const both = () => ({ ...selfSigned(), allowHTTP1: true });

/** Those whose requests come over HTTP/2. */
export const GATED_HTTP2 = {
  "node:http2": { start: (auth) => listening(createSecureServer(both(), onNode(auth))) },
  "Hono, HTTP/2": {
    start: (auth) =>
      listening(
        createAdaptorServer({
          fetch: onHono(auth),
          createServer: createSecureServer,
          serverOptions: both(),
        }),
      ),
  },
};

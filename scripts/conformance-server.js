/**
 * A server of the official SDK with the tools, prompts and resources that the conformance suite asks for. The two that
 * only try schemas of elicitation are left out: they fail with and without a gate.
 */

import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import * as schemas from "@modelcontextprotocol/sdk/types.js";
import express from "express";

const SCHEMAS = new Map(Object.entries(schemas));
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";

const text = (value) => ({ type: "text", text: value });
const image = { type: "image", data: PIXEL, mimeType: "image/png" };
const resource = (uri) => ({ type: "resource", resource: { uri, mimeType: "text/plain", text: "embedded" } });
const object = (properties = {}) => ({ type: "object", properties });

/** What the suite calls, by the names that it gives them. */
const TOOLS = {
  test_simple_text: () => [text("This is a simple text response for testing.")],
  test_image_content: () => [image],
  test_audio_content: () => [{ type: "audio", data: "UklGRiQAAABXQVZF", mimeType: "audio/wav" }],
  test_embedded_resource: () => [resource("test://embedded-resource")],
  test_multiple_content_types: () => [text("several"), image, resource("test://mixed-content-resource")],
  test_tool_with_logging: async ({ notify }) => {
    for (const data of ["started", "processing", "completed"]) {
      await notify("notifications/message", { level: "info", data });
    }
    return [text("logged")];
  },
  test_tool_with_progress: async ({ notify, progressToken }) => {
    for (const progress of [0, 50, 100]) {
      await notify("notifications/progress", { progressToken, progress, total: 100 });
    }
    return [text("done")];
  },
  test_error_handling: () => {
    throw new Error("This tool intentionally returns an error for testing");
  },
  test_sampling: async ({ ask, args }) => {
    const messages = [{ role: "user", content: text(String(args.prompt)) }];
    const { content } = await ask(
      "sampling/createMessage",
      { messages, maxTokens: 100 },
      "CreateMessageResult",
    );
    return [text(`LLM response: ${content.text}`)];
  },
  test_elicitation: async ({ ask, args }) => {
    const requestedSchema = { ...object({ username: { type: "string" } }), required: ["username"] };
    const answer = await ask(
      "elicitation/create",
      { message: String(args.message), requestedSchema },
      "ElicitResult",
    );
    return [text(`User response: ${JSON.stringify(answer)}`)];
  },
};
const PROMPTS = {
  test_simple_prompt: () => [text("This is a simple prompt for testing.")],
  test_prompt_with_arguments: ({ arg1, arg2 }) => [text(`arg1='${arg1}', arg2='${arg2}'`)],
  test_prompt_with_embedded_resource: ({ resourceUri }) => [resource(resourceUri)],
  test_prompt_with_image: () => [image],
};

function mcpServer() {
  const capabilities = {
    tools: {},
    prompts: {},
    resources: { subscribe: true },
    logging: {},
    completions: {},
  };
  const server = new Server({ name: "conformance", version: "1.0.0" }, { capabilities });
  const handlers = {
    ListTools: () => ({
      tools: Object.keys(TOOLS).map((name) => ({ name, description: name, inputSchema: object() })),
    }),
    CallTool: async ({ params }, { sendNotification, sendRequest, _meta }) => {
      const notify = (method, values) => sendNotification({ method, params: values });
      const ask = (method, values, schema) =>
        sendRequest({ method, params: values }, SCHEMAS.get(`${schema}Schema`));
      const given = { notify, ask, args: params.arguments ?? {}, progressToken: _meta?.progressToken };
      try {
        return { content: await TOOLS[params.name](given) };
      } catch (error) {
        return { content: [text(error.message)], isError: true };
      }
    },
    ListPrompts: () => ({ prompts: Object.keys(PROMPTS).map((name) => ({ name, description: name })) }),
    GetPrompt: ({ params }) => ({
      messages: PROMPTS[params.name](params.arguments ?? {}).map((content) => ({ role: "user", content })),
    }),
    ListResources: () => ({
      resources: ["test://static-text", "test://static-binary"].map((uri) => ({
        uri,
        name: uri,
        description: uri,
      })),
    }),
    ReadResource: ({ params: { uri } }) => ({
      contents: [
        uri.endsWith("binary")
          ? { uri, mimeType: "image/png", blob: PIXEL }
          : { uri, mimeType: "text/plain", text: uri.split("/").at(-2) || "static text" },
      ],
    }),
    Subscribe: () => ({}),
    Unsubscribe: () => ({}),
    SetLevel: () => ({}),
    Complete: () => ({ completion: { values: ["one"], total: 1, hasMore: false } }),
  };
  for (const [name, handle] of Object.entries(handlers)) {
    server.setRequestHandler(SCHEMAS.get(`${name}RequestSchema`), handle);
  }
  return server;
}

/** As the SDK's examples keep sessions; `gates` stand in front. */
export function application(...gates) {
  const transports = new Map();
  const app = express();
  app.all("/mcp", ...gates, async (req, res) => {
    const id = req.headers["mcp-session-id"];
    let transport = transports.get(id);
    if (transport === undefined && id !== undefined) {
      const error = { code: -32001, message: "Session not found" };
      return res.status(404).json({ jsonrpc: "2.0", error, id: null });
    }
    if (transport === undefined) {
      transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (begun) => transports.set(begun, transport),
        onsessionclosed: (ended) => transports.delete(ended),
      });
      await mcpServer().connect(transport);
    }
    return transport.handleRequest(req, res);
  });
  return createServer(app);
}

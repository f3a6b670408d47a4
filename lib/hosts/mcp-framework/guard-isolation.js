import { need } from "./guard-fit.js";

/**
 * What mcp-framework shares between the clients of one server, and the guard does not: the SDK's server of the HTTP
 * stream, which sends each answer to every session that has a request of the same id in flight; what a tool holds while
 * it runs; tasks.
 *
 * @typedef {import("./guard.js").Served} Served
 */

const FIELDS = ["server", "_progressToken", "_abortSignal"];

/**
 * Gives each session of an HTTP stream an SDK server of its own, as the framework does it for SSE.
 *
 * @param {any} server
 * @param {any} transport
 */
export function isolateSessions(server, transport) {
  const { send, _transports } = transport;
  need("HttpStreamTransport._transports", Object.getPrototypeOf(Object(_transports)) === Object.prototype);
  transport._transports = new Proxy(_transports, {
    // A session begins, and its first message comes right after.
    set(sessions, id, session) {
      connect(server, session);
      return Reflect.set(sessions, id, session);
    },
  });
  // What is for everybody may go to everybody: log messages and lists that changed.
  transport.send = async function sendToAll(message, ...rest) {
    need("a session for each answer", typeof message.method === "string" && message.id === undefined);
    return send.call(transport, message, ...rest);
  };
}

function connect(server, session) {
  need(
    "session with onmessage",
    typeof session?.onmessage === "function" && typeof session.start === "function",
  );
  // This one hands on to the server that all share.
  session.onmessage = undefined;
  // Sets the handlers at once; what is awaited does nothing.
  server.createSDKServerForSession().connect(session).catch(session.onerror);
}

/**
 * Keeps apart what tools and tasks hold, of those that there are when a transport or a session is made: the framework
 * takes no more of them then.
 *
 * @param {any} server
 * @param {() => Served | undefined} current
 * @returns {() => void} does it for what has been added since
 */
export function isolateState(server, current) {
  const { createSDKServerForSession } = server;
  /** @type {WeakSet<object>} */
  const isolated = new WeakSet();
  const once = (object, isolate) => {
    if (object && !isolated.has(object)) {
      isolate(object, current);
      isolated.add(object);
    }
  };
  const isolate = () => {
    for (const tool of server.toolsMap.values()) {
      once(tool, isolateTool);
    }
    once(server._taskManager, isolateTasks);
  };
  server.createSDKServerForSession = function createIsolated() {
    isolate();
    return createSDKServerForSession.call(server);
  };
  return isolate;
}

/**
 * A tool is one object for all clients, and is told before each call whose it is. Two that overlap would send progress
 * and questions to the client of the later one.
 */
function isolateTool(tool, current) {
  const isBaseTool = FIELDS.every((name) => Object.hasOwn(tool, name));
  // A tool of an app is a plain object that is told nothing.
  need("BaseTool's server, _progressToken and _abortSignal", isBaseTool || isPlain(tool));
  for (const name of isBaseTool ? FIELDS : []) {
    let shared = tool[name];
    Object.defineProperty(tool, name, {
      configurable: true,
      enumerable: true,
      get() {
        const state = current()?.toolState.get(tool);
        return state !== undefined && name in state ? state[name] : shared;
      },
      set(value) {
        const context = current();
        if (context === undefined) {
          shared = value;
          return;
        }
        const state = context.toolState.get(tool) ?? {};
        state[name] = value;
        context.toolState.set(tool, state);
      },
    });
  }
}

const isPlain = (object) => Object.getPrototypeOf(object) === Object.prototype;

/** A task belongs to the principal that began it: its id is in a list that everybody may ask for. */
function isolateTasks(manager, current) {
  const { createTask, getTask, cancelTask, listTasks } = manager;
  for (const method of [createTask, getTask, cancelTask, listTasks]) {
    need("TaskManager with createTask, getTask, cancelTask and listTasks", typeof method === "function");
  }
  /** @type {WeakMap<object, string | undefined>} */
  const owners = new WeakMap();
  const principal = () => current()?.principal();
  const isOwn = (task) => task !== undefined && owners.get(task) === principal();
  const find = (id) => {
    const task = getTask.call(manager, id);
    return isOwn(task) ? task : undefined;
  };
  Object.assign(manager, {
    createTask(...args) {
      const task = createTask.apply(manager, args);
      owners.set(task, principal());
      return task;
    },
    getTask: find,
    cancelTask(id) {
      // One that is not there is reported by the framework.
      return cancelTask.call(manager, find(id) === undefined ? undefined : id);
    },
    listTasks(cursor, limit = 50) {
      const own = listTasks.call(manager, undefined, Number.POSITIVE_INFINITY).tasks.filter(isOwn);
      const start = cursor ? Number.parseInt(cursor, 10) : 0;
      const end = start + limit;
      return { tasks: own.slice(start, end), nextCursor: end < own.length ? String(end) : undefined };
    },
  });
}

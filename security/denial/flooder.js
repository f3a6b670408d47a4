/** A flood of requests over raw sockets, and what comes back. */

import { once } from "node:events";
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const HOST = "127.0.0.1";
const TICK_MS = 10;
const LAST_ANSWERS_LIMIT_MS = 30_000;
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;

/**
 * Begins a flood.
 *
 * @param {object} how
 * @param {number} how.port
 * @param {string[]} how.requests in latin1, sent one after the other and all over again
 * @param {string} how.rejection the body that each answer must have
 * @param {number} how.connections
 * @param {number} how.depth how many requests a connection sends ahead
 * @param {number} [how.perSecond] over all connections; as fast as they are answered if not given
 * @returns {Promise<{ stop: () => Promise<FloodReport> }>}
 *
 * @typedef {object} FloodReport
 * @property {number} sent
 * @property {number} held of a fixed rate, what was not sent because so much had not been answered
 * @property {number} rejected with 401 and the right body
 * @property {Record<string, number>} others by status, or what else went wrong
 * @property {number} perSecond rejected ones, from the first to the last
 */
export async function flood({ port, requests, rejection, connections, depth, perSecond }) {
  const bytes = requests.map((request) => Buffer.from(request, "latin1"));
  const report = { sent: 0, held: 0, rejected: 0, others: {} };
  const start = performance.now();
  let isOver = false;
  let last = start;

  const lanes = await Promise.all(Array.from({ length: connections }, () => openLane()));
  const timer = perSecond === undefined ? undefined : setInterval(sendDue, TICK_MS);
  if (perSecond === undefined) for (const lane of lanes) fill(lane);

  return {
    async stop() {
      isOver = true;
      clearInterval(timer);
      const limit = performance.now() + LAST_ANSWERS_LIMIT_MS;
      while (lanes.some((lane) => lane.waiting > 0) && performance.now() < limit) await sleep(TICK_MS);
      const unanswered = lanes.reduce((sum, lane) => sum + lane.waiting, 0);
      if (unanswered > 0) report.others.unanswered = unanswered;
      for (const { socket } of lanes) socket.destroy();
      return { ...report, perSecond: (report.rejected / (last - start)) * 1000 };
    },
  };

  async function openLane() {
    const socket = net.connect({ port, host: HOST, noDelay: true });
    await once(socket, "connect");
    const lane = { socket, waiting: 0, text: "" };
    socket.setEncoding("latin1");
    socket.on("data", (text) => take(lane, text));
    socket.on("error", (error) => count(error.code));
    socket.on("end", () => count("connection closed"));
    return lane;
  }

  function send(lane, number) {
    const batch = [];
    for (let n = 0; n < number; n += 1) batch.push(bytes[(report.sent + n) % bytes.length]);
    report.sent += number;
    lane.waiting += number;
    lane.socket.write(Buffer.concat(batch));
  }

  function fill(lane) {
    // Half of the depth at once, so that writes are few and the server never runs dry.
    if (!isOver && lane.waiting <= depth / 2 && !lane.socket.destroyed) send(lane, depth - lane.waiting);
  }

  function sendDue() {
    const due = Math.floor(((performance.now() - start) / 1000) * perSecond);
    let left = due - report.sent - report.held;
    for (let n = 0; n < lanes.length && left > 0; n += 1) {
      const lane = lanes[(report.sent + n) % lanes.length];
      const number = Math.min(depth - lane.waiting, Math.ceil(left / (lanes.length - n)));
      if (number > 0 && !lane.socket.destroyed) {
        send(lane, number);
        left -= number;
      }
    }
    report.held += Math.max(0, left);
  }

  function take(lane, text) {
    lane.text += text;
    for (;;) {
      const headEnd = lane.text.indexOf("\r\n\r\n");
      if (headEnd === -1) break;
      const answer = bodyFrom(lane.text, headEnd);
      if (answer === undefined) break;
      lane.waiting -= 1;
      const [, status] = STATUS_LINE.exec(lane.text) ?? [undefined, "no HTTP"];
      if (status === "401" && answer.body === rejection) report.rejected += 1;
      else count(status === "401" ? "401 with another body" : status);
      lane.text = lane.text.slice(answer.end);
      last = performance.now();
    }
    if (perSecond === undefined) fill(lane);
  }

  function count(what) {
    if (!isOver || what.length === 3) report.others[what] = (report.others[what] ?? 0) + 1;
  }
}

/** The framework ends a rejection with one write, which Node sends with a length or as a single chunk. */
function bodyFrom(text, headEnd) {
  const head = text.slice(0, headEnd);
  const start = headEnd + 4;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (length !== null) {
    const end = start + Number(length[1]);
    return end > text.length ? undefined : { body: text.slice(start, end), end };
  }
  const end = text.indexOf("0\r\n\r\n", start);
  if (end === -1) return undefined;
  const chunk = text.indexOf("\r\n", start) + 2;
  return { body: text.slice(chunk, text.indexOf("\r\n", chunk)), end: end + 5 };
}

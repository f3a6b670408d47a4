// Sends bad requests over many connections, pipelined, as fast as they are answered or at a fixed rate. The first
// message says what to send, where and how fast, and begins; the next one ends it and asks what came of it.

import { flood } from "./flooder.js";

let running;
process.on("disconnect", () => process.exit());
process.on("message", async (question) => {
  try {
    if (question === "stop") {
      process.send(await running.stop());
    } else {
      running = await flood(question);
      process.send({});
    }
  } catch (error) {
    process.send({ failure: error.message });
  }
});

/** One contender in a process of its own: says its port, and when it is asked how long its processor was busy. */

import { serverOf } from "./contenders.js";

process.once("message", async (contender) => {
  const server = await serverOf(contender);
  // A contender waits while the others are warmed up.
  server.keepAliveTimeout = 120_000;
  server.listen(0, "127.0.0.1", () => process.send(server.address().port));
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send((user + system) / 1000);
  });
});
process.once("disconnect", () => process.exit());

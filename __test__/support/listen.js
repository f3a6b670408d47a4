/** Servers on loopback that end with the tests of the file. */

import { once } from "node:events";
import { after } from "node:test";

/** What else is to be closed then. */
export const closing = [];
after(() => Promise.all(closing.map((close) => close())));

/** @returns {Promise<number>} the port */
export async function listen(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.close();
    server.closeAllConnections?.();
  });
  return server.address().port;
}

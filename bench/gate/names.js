/** Who is measured by bench/gate.js. */

export const NONE = "no auth";
/** What `currentAuth` needs, and tracing too: before Node 24 it makes every promise of the process dearer. */
export const CONTEXT = "no auth, in an AsyncLocalStorage";
export const PEER = "requireBearerAuth with jose";

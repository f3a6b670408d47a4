/**
 * Which folder may import from which. `npm test` holds these rules, and so does `npx depcruise .` alone.
 *
 *     hosts → gate → api-key | jwt | oauth | throttle → core → native
 *     __test__ → security → bench → scripts → the product
 */

/** Each room of lib, and the rooms that it may import from. */
const ROOMS = {
  hosts: ["gate", "api-key", "jwt", "oauth", "throttle", "core", "native"],
  cli: ["api-key", "jwt", "oauth", "throttle", "core", "native"],
  "api-key": ["core", "native"],
  jwt: ["core", "native"],
  oauth: ["jwt", "core", "native"],
  throttle: ["core", "native"],
  gate: ["oauth", "throttle", "core", "native"],
  core: ["native"],
  native: [],
};

const rooms = Object.entries(ROOMS).map(([room, below]) => ({
  name: `lib-${room}`,
  comment: `lib/${room} imports from ${below.map((name) => `lib/${name}`).join(", ") || "no other room"}.`,
  from: { path: `^lib/${room}/` },
  // Node's own modules aside. The product imports no npm package but its own addons, no entry point and no tool.
  to: { dependencyTypesNot: ["core"], pathNot: `^lib/(${[room, ...below].join("|")})/|^@mcp-native-auth/` },
}));

/** From files that match `from`, but for those that match `but`, to files that match `to`. */
function forbid(name, comment, from, to, but) {
  return { name, comment, from: { path: from, ...(but && { pathNot: but }) }, to: { path: to } };
}

module.exports = {
  forbidden: [
    {
      name: "no-cycle",
      comment: "No file imports itself by way of others.",
      from: {},
      to: { circular: true },
    },
    ...rooms,
    {
      name: "lib-has-rooms",
      comment: "A file of lib belongs to a room that has a rule.",
      from: {},
      to: { path: "^lib/", pathNot: `^lib/(${Object.keys(ROOMS).join("|")})/` },
    },
    {
      name: "entry-points",
      comment: "Entry points import from lib alone; a .cjs wraps its .js.",
      from: { path: "^bin/|^register/|^(index|register)\\.c?js$" },
      to: { dependencyTypesNot: ["core"], pathNot: "^lib/|^(index|register|register/(guard|strict))\\.js$" },
    },
    forbid(
      "scripts",
      "scripts/ uses no other tool.",
      "^scripts/",
      "^(__test__|security|bench|fuzz|examples)/",
    ),
    forbid("bench", "bench/ uses scripts/ alone.", "^bench/", "^(__test__|security|fuzz|examples)/"),
    forbid(
      "security",
      "security/ uses bench/ and scripts/ alone.",
      "^security/",
      "^(__test__|fuzz|examples)/",
    ),
    forbid(
      "examples",
      "Examples import the package by its name.",
      "^examples/",
      "^(lib|bin|__test__|security|bench|scripts|fuzz)/",
    ),
    forbid(
      "tests",
      "Tests of a tool import it; all other tests import the product and __test__/support.",
      "^__test__/",
      "^(security|bench|scripts|fuzz|examples)/",
      "^__test__/(security|native|package|consumers)/|^__test__/support/(project|release)\\.js$",
    ),
    forbid("fuzz", "Nothing imports from fuzz/.", "^(?!fuzz/)", "^fuzz/"),
  ].map((rule) => ({ severity: "error", ...rule })),
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: {
      path: "^(target|native|logs|\\.[^/]+|fuzz/(target|corpus)|bench/server/projects/[^/]+/node_modules)/",
    },
  },
};

/** What every option and every public function has in common: misspelled, hidden and undefined options, and stacks. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  APIKeyAuthProvider,
  anyOf,
  generateApiKey,
  JWTAuthProvider,
  OAuthAuthProvider,
  requireAuth,
} from "mcp-native-auth";

const KEY = "9uZ4tXq7LwRk2VbNc8Hd";
const SECRET = "Vb7qXw2LtR9kZc4NdH8sJm5PfG3yKe6A";

const keys = (options) => new APIKeyAuthProvider({ keys: [KEY], ...options });
const jwt = (options) => new JWTAuthProvider({ secret: SECRET, audience: "a", ...options });
const keysOfList = (options) =>
  new JWTAuthProvider({ keys: [{ secret: SECRET, ...options }], audience: "a" });

/** The process warnings of a run, by code. */
function warningsOf(t, code, run) {
  const emit = t.mock.method(process, "emitWarning", () => {});
  run();
  emit.mock.restore();
  return emit.mock.calls
    .map(({ arguments: [message, details] }) => ({ message, ...details }))
    .filter((warning) => warning.code === code)
    .map(({ message }) => message);
}

/** Where options are given: the owner that messages name, how they get there, and under `strict`, if there is that. */
const OWNERS = {
  keys: { owner: "APIKeyAuthProvider", give: keys, strictly: (given) => keys({ strict: true, ...given }) },
  jwt: { owner: "JWTAuthProvider", give: jwt, strictly: (given) => jwt({ strict: true, ...given }) },
  throttle: {
    owner: "APIKeyAuthProvider: `throttle`",
    give: (throttle) => keys({ throttle }),
    strictly: (throttle) => keys({ throttle, strict: true }),
  },
  jwtThrottle: {
    owner: "JWTAuthProvider: `throttle`",
    give: (throttle) => jwt({ throttle }),
    strictly: (throttle) => jwt({ throttle, strict: true }),
  },
  list: {
    owner: "JWTAuthProvider: `keys[0]`",
    give: keysOfList,
    strictly: (given) =>
      new JWTAuthProvider({ keys: [{ secret: SECRET, ...given }], audience: "a", strict: true }),
  },
  oauth: {
    owner: "OAuthAuthProvider",
    give: (given) =>
      new OAuthAuthProvider({
        resource: "https://mcp.example.com",
        authorizationServers: ["https://issuer.example.com"],
        ...given,
      }),
  },
  anyOf: { owner: "AnyOfAuthProvider", give: (given) => anyOf([keys()], given) },
  anyOfThrottle: {
    owner: "AnyOfAuthProvider: `throttle`",
    give: (throttle) => anyOf([keys()], { throttle }),
  },
  replaceKey: {
    owner: "APIKeyAuthProvider: `replaceKey`",
    give: (given) => keys({ keys: [{ key: KEY, id: "a" }] }).replaceKey("a", `${KEY}b`, given),
  },
  generate: { owner: "generateApiKey", give: generateApiKey },
};
/** The framework has none of these, so what is misspelled is an error without `strict`. */
for (const owner of ["anyOf", "anyOfThrottle", "replaceKey", "generate"]) {
  OWNERS[owner].strictly = OWNERS[owner].give;
}

/** The owner, what is given, and what was meant; nothing where that cannot be told. */
const MISSPELLED = [
  ["keys", "key", "keys"],
  ["keys", "apiKeys", "keys"],
  ["keys", "headername", "headerName"],
  ["keys", "header", "headerName"],
  ["keys", "queryFalback", "queryFallback"],
  ["keys", "throtle", "throttle"],
  ["keys", "rateLimit", "throttle"],
  ["keys", "reloadIntervalSecond", "reloadIntervalSeconds"],
  ["keys", "audience", undefined],
  ["jwt", "isuer", "issuer"],
  ["jwt", "iss", "issuer"],
  ["jwt", "aud", "audience"],
  ["jwt", "audiance", "audience"],
  ["jwt", "sub", "subject"],
  ["jwt", "alg", "algorithms"],
  ["jwt", "algorithm", "algorithms"],
  ["jwt", "clockSkew", "clockTolerance"],
  ["jwt", "maxAge", "maxTokenAge"],
  ["jwt", "requireExpiraton", "requireExpiration"],
  ["jwt", "requiredClaim", "requiredClaims"],
  ["jwt", "publicKey", "secret"],
  ["jwt", "jwks", "keys"],
  ["jwt", "Strict", "strict"],
  ["jwt", "somethingElse", undefined],
  ["jwt", "max", "throttle.failures"],
  ["keys", "windowMs", "throttle.windowSeconds"],
  ["anyOf", "failure", "throttle.failures"],
  ["throttle", "max", "failures"],
  ["throttle", "points", "failures"],
  ["throttle", "failure", "failures"],
  ["throttle", "windowMs", "windowSeconds"],
  ["throttle", "trustproxy", "trustProxy"],
  ["throttle", "lock", undefined],
  ["jwtThrottle", "lockOut", "lockout"],
  ["list", "Kid", "kid"],
  ["list", "secrets", "secret"],
  ["anyOf", "throtle", "throttle"],
  ["anyOfThrottle", "max", "failures"],
  ["replaceKey", "overlap", undefined],
  ["replaceKey", "overlapSecond", "overlapSeconds"],
  ["generate", "prefx", "prefix"],
];

describe("an unknown option", () => {
  for (const [where, name, meant] of MISSPELLED) {
    const { owner, give, strictly } = OWNERS[where];
    const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
    const sentence = `${owner}: unknown option "${name}"${hint}; the known options are `;

    if (give !== strictly) {
      it(`${owner}, ${name}: is named in one warning${meant ? `, with ${meant}` : ""}`, (t) => {
        const warnings = warningsOf(t, "MCP_NATIVE_AUTH_UNKNOWN_OPTION", () => give({ [name]: undefined }));
        assert.equal(warnings.length, 1);
        assert.ok(warnings[0].startsWith(sentence), warnings[0]);
        assert.match(warnings[0].slice(sentence.length), /^\w+(, \w+)*\. It is ignored$/);
      });
    }

    if (strictly !== undefined) {
      it(`${owner}, ${name}: throws${give === strictly ? "" : " under strict"}`, (t) => {
        t.mock.method(process, "emitWarning", () => assert.fail("also a warning"));
        assert.throws(
          () => strictly({ [name]: undefined }),
          (error) => {
            assert.equal(error.code, "ERR_MCP_AUTH_OPTION_UNKNOWN");
            assert.ok(error.message.startsWith(sentence), error.message);
            assert.match(error.message.slice(sentence.length), /^\w+(, \w+)*$/);
            return true;
          },
        );
      });
    }
  }

  it("is one of several in one sentence; what may not be a name is withheld", (t) => {
    const given = { isuer: "a", [KEY]: true, "x y": true };
    const [message] = warningsOf(t, "MCP_NATIVE_AUTH_UNKNOWN_OPTION", () => jwt(given));
    const withheld = "one whose name is withheld";
    assert.match(
      message,
      new RegExp(
        `^JWTAuthProvider: 3 unknown options "isuer" \\(did you mean "issuer"\\?\\), ${withheld}, ${withheld}; `,
      ),
    );
    assert.ok(!message.includes(KEY));
  });

  it("is not what others put on Object.prototype", (t) => {
    t.after(() => Reflect.deleteProperty(Object.prototype, "isuer"));
    Object.prototype.isuer = "a";
    assert.deepEqual(
      warningsOf(t, "MCP_NATIVE_AUTH_UNKNOWN_OPTION", () => jwt()),
      [],
    );
  });
});

describe("what holds no options is an error, not read as none", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const NONE = { "a Map": new Map([["a", ["b"]]]), "a Set": new Set(["a"]), "a revoked Proxy": proxy };
  const PLACES = {
    "of anyOf": OWNERS.anyOf.give,
    "throttle of anyOf": OWNERS.anyOfThrottle.give,
    throttle: OWNERS.throttle.give,
    "of replaceKey": OWNERS.replaceKey.give,
    "of generateApiKey": generateApiKey,
    validation: (validation) => OWNERS.oauth.give({ validation }),
    introspection: (introspection) =>
      OWNERS.oauth.give({ validation: { type: "introspection", introspection } }),
    "of requireAuth": (given) => requireAuth(keys(), given),
    toolScopes: (toolScopes) => requireAuth(keys(), { toolScopes }),
    scopeHierarchy: (scopeHierarchy) => requireAuth(keys(), { scopeHierarchy }),
    claims: (claims) => jwt({ claims }),
  };
  for (const [place, give] of Object.entries(PLACES)) {
    for (const [what, value] of Object.entries(NONE)) {
      it(`${place}: ${what}`, () =>
        assert.throws(() => give(value), { code: "ERR_MCP_AUTH_OPTION_INVALID" }));
    }
  }

  it("scopes of a tool that are inherited, or undefined", () => {
    class Scopes {
      write_file = ["files:write"];
    }
    for (const toolScopes of [
      new Scopes(),
      Object.create({ write_file: ["a"] }),
      { write_file: undefined },
      Object.defineProperty({}, "write_file", { value: ["a"], enumerable: false }),
    ]) {
      assert.throws(() => requireAuth(keys(), { toolScopes }), { code: "ERR_MCP_AUTH_OPTION_INVALID" });
    }
    requireAuth(keys(), { toolScopes: { __proto__: null, write_file: ["a"], read_file: [] } });
  });
});

describe("an option that would be ignored", () => {
  const hidden = (name, value) => Object.defineProperty({}, name, { value, enumerable: false });
  const cases = [
    [
      "an inherited one of an API key provider",
      "queryFallback",
      () => new APIKeyAuthProvider(Object.assign(Object.create({ queryFallback: false }), { keys: [KEY] })),
    ],
    [
      "an inherited one of a JWT provider",
      "audience",
      () => new JWTAuthProvider(Object.assign(Object.create({ audience: "a" }), { secret: SECRET })),
    ],
    [
      "one that is not enumerable",
      "issuer",
      () => new JWTAuthProvider(Object.assign(hidden("issuer", "a"), { secret: SECRET })),
    ],
    [
      "a getter of a class",
      "issuer",
      () =>
        new JWTAuthProvider(
          Object.assign(
            new (class {
              get issuer() {
                return "a";
              }
            })(),
            { secret: SECRET },
          ),
        ),
    ],
    ["an inherited one of a throttle", "lockout", () => keys({ throttle: Object.create({ lockout: true }) })],
    ["an inherited one of anyOf", "throttle", () => anyOf([keys()], Object.create({ throttle: {} }))],
    [
      "an inherited one of replaceKey",
      "overlapSeconds",
      () => keys().replaceKey("a", KEY, Object.create({ overlapSeconds: 1 })),
    ],
    ["an inherited one of generateApiKey", "prefix", () => generateApiKey(Object.create({ prefix: "acme" }))],
  ];
  for (const [name, option, construct] of cases) {
    it(`${name} throws`, () => {
      assert.throws(construct, {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
        message: `\`${option}\` is inherited or not enumerable, so it would be ignored; pass a plain object with all options`,
      });
    });
  }

  it("is none if it shadows nothing that is read, or comes without a prototype", () => {
    class Settings {
      describe() {}
    }
    assert.ok(new APIKeyAuthProvider(Object.assign(new Settings(), { keys: [KEY] })));
    assert.ok(new APIKeyAuthProvider(Object.assign(Object.create(null), { keys: [KEY] })));
    assert.ok(
      new APIKeyAuthProvider(
        Object.assign(Object.create({ queryFallback: true }), { keys: [KEY], queryFallback: false }),
      ),
    );
  });
});

describe("a restricting option that is undefined", () => {
  const restricting = {
    jwt: [
      "issuer",
      "audience",
      "subject",
      "maxTokenAge",
      "requiredClaims",
      "requireExpiration",
      "typ",
      "throttle",
      "strict",
    ],
    keys: ["queryFallback", "throttle", "strict"],
    oauth: [
      "requiredScopes",
      "subject",
      "claims",
      "typ",
      "maxTokenAge",
      "requiredClaims",
      "requireHttps",
      "throttle",
      "strict",
    ],
    anyOf: ["throttle"],
  };
  for (const [where, names] of Object.entries(restricting)) {
    const { owner, give } = OWNERS[where];
    for (const name of names) {
      it(`${owner}, ${name}: is named in a warning, null is not`, (t) => {
        const warnings = (value) =>
          warningsOf(t, "MCP_NATIVE_AUTH_UNDEFINED_OPTION", () => give({ [name]: value }));
        assert.deepEqual(warnings(undefined), [
          `${owner}: \`${name}\` is undefined, so nothing is restricted by it; ` +
            "is an environment variable missing? Pass null if that is on purpose",
        ]);
        assert.deepEqual(warnings(null), []);
      });
    }
  }

  it("of throttle is named, too", (t) => {
    for (const name of ["lockout", "limiter"]) {
      for (const [owner, give] of Object.entries({
        APIKeyAuthProvider: keys,
        JWTAuthProvider: jwt,
        AnyOfAuthProvider: (options) => anyOf([keys()], options),
      })) {
        const warnings = (value) =>
          warningsOf(t, "MCP_NATIVE_AUTH_UNDEFINED_OPTION", () => give({ throttle: { [name]: value } }));
        const [warning] = warnings(undefined);
        assert.ok(
          warning.startsWith(`${owner}: \`throttle\`: \`${name}\` is undefined, so nothing is restricted`),
        );
        assert.deepEqual(warnings(null), []);
      }
      assert.throws(() => keys({ throttle: { [name]: undefined }, strict: true }), {
        code: "ERR_MCP_AUTH_OPTION_INVALID",
      });
    }
  });

  it("throws under strict", () => {
    const message = /^JWTAuthProvider: `issuer`, `subject` are undefined, so nothing is restricted by them; /;
    const given = { issuer: undefined, subject: undefined, strict: true };
    assert.throws(() => jwt(given), { code: "ERR_MCP_AUTH_OPTION_INVALID", message });
  });

  it("is none if it does not restrict", (t) => {
    const given = {
      headerName: undefined,
      requireBearer: undefined,
      clockTolerance: undefined,
      cacheSize: undefined,
    };
    assert.deepEqual(
      warningsOf(t, "MCP_NATIVE_AUTH_UNDEFINED_OPTION", () => jwt(given)),
      [],
    );
  });
});

describe("where the keys are missing, what was given instead is named", () => {
  const cases = [
    [() => new APIKeyAuthProvider({ key: KEY }), '"key" (did you mean "keys"?)'],
    [() => new APIKeyAuthProvider({ apiKeys: [KEY] }), '"apiKeys" (did you mean "keys"?)'],
    [() => new JWTAuthProvider({ publicKey: "x" }), '"publicKey" (did you mean "secret"?)'],
    [() => new JWTAuthProvider({ certificate: "x" }), '"certificate"'],
  ];
  for (const [construct, named] of cases) {
    it(named, () => {
      assert.throws(construct, ({ code, message }) => {
        assert.match(code, /^ERR_MCP_AUTH_(?:KEYS|SECRET)_REQUIRED$/);
        assert.match(message, /^(?:At least one API key|JWT secret) is required; unknown option "/);
        return message.endsWith(named);
      });
    });
  }

  it("unless it does not look like a name", () => {
    assert.throws(() => new APIKeyAuthProvider([KEY]), { message: "At least one API key is required" });
    assert.throws(() => new JWTAuthProvider(KEY), { message: "JWT secret is required" });
  });
});

describe("the stack of a configuration error begins at the caller's line", () => {
  class ExtendedKeys extends APIKeyAuthProvider {
    setKeys(given) {
      super.setKeys(given);
    }
  }
  class ExtendedJwt extends JWTAuthProvider {
    // biome-ignore lint/complexity/noUselessConstructor: a frame of its own.
    constructor(options) {
      super(options);
    }
  }
  const entry = { key: KEY, id: "a" };
  const calls = {
    "new APIKeyAuthProvider": () => new APIKeyAuthProvider({ keys: [] }),
    "new APIKeyAuthProvider, in a key": () =>
      new APIKeyAuthProvider({ keys: [{ ...entry, expiresAt: "soon" }] }),
    "new APIKeyAuthProvider, in the throttle": () => keys({ throttle: { failures: 0 } }),
    "new JWTAuthProvider": () => new JWTAuthProvider({}),
    "new JWTAuthProvider, in a key": () =>
      new JWTAuthProvider({ keys: [{ secret: "-----BEGIN PUBLIC KEY-----" }] }),
    "new JWTAuthProvider, in a rule": () => jwt({ clockTolerance: -1 }),
    "new JWTAuthProvider, under strict": () => jwt({ strict: true, isuer: "a" }),
    "new OAuthAuthProvider": () => new OAuthAuthProvider({}),
    "an extended class": () => new (class extends APIKeyAuthProvider {})({ keys: [] }),
    "an extended class with a constructor": () => new ExtendedJwt({}),
    anyOf: () => anyOf([]),
    "anyOf, in an option": () => anyOf([keys()], { throttle: true }),
    generateApiKey: () => generateApiKey({ prefix: "a b" }),
    setKeys: () => keys().setKeys("no array"),
    "setKeys of an extended class": () => new ExtendedKeys({ keys: [KEY] }).setKeys([""]),
    addKeys: () => keys().addKeys([""]),
    replaceKey: () => keys().replaceKey("b", KEY),
    "replaceKey, in an option": () => keys({ keys: [entry] }).replaceKey("a", KEY, { overlapSeconds: -1 }),
    setSecret: () => jwt().setSecret(""),
    "setKeys of a JWT provider": () => jwt().setKeys([]),
    reload: () => keys().reload(),
  };
  for (const [name, call] of Object.entries(calls)) {
    it(name, async () => {
      const error = await thrownBy(call);
      assert.match(error.code, /^ERR_MCP_AUTH_/);
      const [message, first] = error.stack.split(/\n\s+(?=at )/);
      assert.equal(message, `Error: ${error.message}`);
      assert.ok(first.includes("options.test.js:"), error.stack);
    });
  }

  async function thrownBy(call) {
    try {
      await call();
    } catch (error) {
      return error;
    }
    return assert.fail("nothing was thrown");
  }
});

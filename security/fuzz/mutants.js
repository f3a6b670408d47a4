/**
 * Faults that a provider might have, each made on purpose in a subclass: what the fuzzer must be able to
 * see. For its tests.
 */

import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { CLASSES } from "./run.js";

const jwt = (ours) => ({ ...CLASSES, jwt: { ...CLASSES.jwt, ours } });
const apiKey = (ours) => ({ ...CLASSES, apiKey: { ...CLASSES.apiKey, ours } });

const tokenOf = (request) => String(request?.headers?.authorization).split(" ")[1] ?? "";
const headerOf = (token) => Buffer.from(token.split(".")[0], "base64").toString("latin1");

/** Ours, but for tokens of which it asks the framework instead. */
function askingTheFramework(isAsked) {
  return class extends JWTAuthProvider {
    #framework;

    constructor(config) {
      super(config);
      this.#framework = new CLASSES.jwt.framework(config);
    }

    async authenticate(request) {
      return isAsked(tokenOf(request)) ? this.#framework.authenticate(request) : super.authenticate(request);
    }
  };
}

/** `name`, the `classes` to compare, and the `problem` that the fuzzer must see in them. */
export const MUTANTS = [
  {
    name: "`crit` is ignored",
    classes: jwt(askingTheFramework((token) => headerOf(token).includes("crit"))),
    problem: "wrong accept",
  },
  {
    name: "stray bits at the end of a segment are ignored",
    classes: jwt(
      askingTheFramework((token) =>
        token
          .split(".")
          .some((segment) => Buffer.from(segment, "base64url").toString("base64url") !== segment),
      ),
    ),
    problem: "wrong accept",
  },
  {
    name: "`exp` is ignored",
    classes: jwt(
      class extends JWTAuthProvider {
        async authenticate(request) {
          const verdict = await super.authenticate(request);
          const { now } = Date;
          Date.now = () => 1;
          const longAgo = super.authenticate(request);
          Date.now = now;
          return verdict || longAgo;
        }
      },
    ),
    problem: "wrong accept",
  },
  {
    name: "a token that was accepted once is accepted for ever",
    classes: jwt(
      class extends JWTAuthProvider {
        #accepted = new Map();

        async authenticate(request) {
          const token = tokenOf(request);
          const verdict = this.#accepted.get(token) ?? (await super.authenticate(request));
          if (verdict) {
            this.#accepted.set(token, structuredClone(verdict));
          }
          return verdict;
        }
      },
    ),
    problem: "wrong accept",
  },
  {
    name: "every caller is given the same object",
    classes: jwt(
      class extends JWTAuthProvider {
        #answers = new Map();

        async authenticate(request) {
          const verdict = await super.authenticate(request);
          const token = tokenOf(request);
          if (verdict && !this.#answers.has(token)) {
            this.#answers.set(token, verdict);
          }
          return verdict && this.#answers.get(token);
        }
      },
    ),
    problem: "data mismatch",
  },
  {
    name: "claims come in another order",
    classes: jwt(
      class extends JWTAuthProvider {
        async authenticate(request) {
          const verdict = await super.authenticate(request);
          if (!verdict || Array.isArray(verdict.data)) {
            return verdict;
          }
          return { data: Object.fromEntries(Object.entries(verdict.data).reverse()) };
        }
      },
    ),
    problem: "data mismatch",
  },
  {
    name: "a header with `kid` is rejected",
    classes: jwt(
      class extends JWTAuthProvider {
        async authenticate(request) {
          return !headerOf(tokenOf(request)).includes('"kid"') && super.authenticate(request);
        }
      },
    ),
    problem: "unexplained rejection",
  },
  {
    name: "a request without headers throws",
    classes: jwt(
      class extends JWTAuthProvider {
        async authenticate(request) {
          return request.headers.authorization !== null && super.authenticate(request);
        }
      },
    ),
    problem: "threw",
  },
  {
    name: "a public key is taken for an HMAC secret",
    classes: jwt(
      class extends JWTAuthProvider {
        constructor(config) {
          const isPem =
            typeof config?.secret === "string" && config.secret.startsWith("-----BEGIN PUBLIC KEY");
          super(isPem ? { ...config, secret: Buffer.concat([Buffer.from("x"), Buffer.from("y")]) } : config);
        }
      },
    ),
    problem: "unexplained rejection",
  },
  {
    name: "`algorithms` that is no array is taken",
    classes: jwt(
      class extends JWTAuthProvider {
        constructor(config) {
          super(Array.isArray(config?.algorithms) ? config : { ...config, algorithms: undefined });
        }
      },
    ),
    problem: "wrong accept: constructed in spite of algorithmsInvalid",
  },
  {
    name: "an error tells the secret",
    classes: jwt(
      class extends JWTAuthProvider {
        constructor(config) {
          try {
            super(config);
          } catch (error) {
            error.message += ` (${config?.secret?.toString()})`;
            throw error;
          }
        }
      },
    ),
    problem: "the constructor told key material",
  },
  {
    name: "an error without a code",
    classes: apiKey(
      class extends APIKeyAuthProvider {
        constructor(config) {
          try {
            super(config);
          } catch (error) {
            throw new Error(error.message);
          }
        }
      },
    ),
    problem: "the constructor threw an Error of code undefined",
  },
  {
    name: "API keys are compared without regard to case",
    classes: apiKey(
      class extends APIKeyAuthProvider {
        constructor(config) {
          super(Array.isArray(config?.keys) ? { ...config, keys: config.keys.map(lowerCase) } : config);
        }

        async authenticate(request) {
          const headers = Object.entries(request?.headers ?? {}).map(([name, value]) => [
            name,
            lowerCase(value),
          ]);
          return super.authenticate(
            request?.headers ? { ...request, headers: Object.fromEntries(headers) } : request,
          );
        }
      },
    ),
    problem: "wrong accept",
  },
  {
    name: "an API key in the query is not found",
    classes: apiKey(
      class extends APIKeyAuthProvider {
        async authenticate(request) {
          return super.authenticate(request && { ...request, url: undefined });
        }
      },
    ),
    problem: "unexplained rejection",
  },
  {
    name: "both sides take forged tokens",
    classes: {
      ...CLASSES,
      jwt: { framework: trusting(CLASSES.jwt.framework), ours: trusting(JWTAuthProvider) },
    },
    problem: "wrong accept",
  },
  {
    name: "both sides let in whoever sends a cookie",
    classes: {
      ...CLASSES,
      apiKey: {
        framework: lettingIn(CLASSES.apiKey.framework, "cookie"),
        ours: lettingIn(APIKeyAuthProvider, "cookie"),
      },
    },
    problem: "wrong accept",
  },
];

/** A provider that takes every token for genuine. */
function trusting(Provider) {
  return class extends Provider {
    async authenticate(request) {
      const verdict = await super.authenticate(request);
      try {
        const payload = Buffer.from(tokenOf(request).split(".")[1], "base64").toString();
        return verdict || { data: JSON.parse(payload) };
      } catch {
        return verdict;
      }
    }
  };
}

/** A provider that lets in whoever has a header of this name. */
function lettingIn(Provider, name) {
  return class extends Provider {
    async authenticate(request) {
      return (await super.authenticate(request)) || Object.hasOwn(request.headers, name);
    }
  };
}

function lowerCase(value) {
  return typeof value === "string" ? value.toLowerCase() : value;
}

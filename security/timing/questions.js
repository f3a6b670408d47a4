/** What an attacker would like to know, asked of this package, of mcp-framework and of leaky providers. */

import { randomBytes } from "node:crypto";
import { APIKeyAuthProvider as FrameworkAPIKeyAuthProvider } from "mcp-framework";
import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { LeakyAPIKeyAuthProvider, LeakyJWTAuthProvider, macOf } from "./leaky.js";
import { FRAMEWORK, LEAKY, OURS, SAME_CLASS } from "./verdict.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const KEY_LENGTH = 32;
/** What mcp-framework cannot hide: its comparison goes from key to key. */
const FIRST_OR_LAST = "the first key or the last one";
const ALGORITHMS = ["HS256", "HS384", "HS512"];

/** @param {import("./random.js").Random} random */
export function allQuestions(random) {
  const thousand = Array.from({ length: 1_000 }, () => newKey(random));
  const questions = [
    ...keyQuestions("1,000 keys", thousand),
    ...keyQuestions("1 key", thousand.slice(0, 1)),
    ...ALGORITHMS.flatMap(tokenQuestions),
  ];
  // Controls first: there is no use in the rest of a run that is blind.
  const order = [LEAKY, FRAMEWORK, SAME_CLASS, OURS];
  return questions.toSorted((one, other) => order.indexOf(one.role) - order.indexOf(other.role));
}

function keyQuestions(count, keys) {
  const header = "x-api-key";
  const oneOf = (some) => ({ draw: (random) => random.oneOf(some), accepted: true });
  const strangers = { draw: newKey, accepted: false };
  const guesses = (change) => ({
    draw: (random) => change(random.oneOf(keys), random),
    accepted: false,
  });
  const firstWrong = guesses((key, random) => withWrongLetter(key, 0, random));
  const lastWrong = guesses((key, random) => withWrongLetter(key, KEY_LENGTH - 1, random));
  const nothingRight = guesses((key, random) => withWrongLetter(key[0] + newKey(random).slice(1), 0, random));

  const pairs = [
    ["a wrong guess fails in its first or in its last character", firstWrong, lastWrong],
    ["0 or 31 of the first 32 characters of a guess are right", nothingRight, lastWrong],
    ["a key or a stranger", oneOf(keys), strangers],
  ];
  if (keys.length > 1) {
    const middle = keys.length / 2;
    pairs.push(
      [FIRST_OR_LAST, oneOf(keys.slice(0, 1)), oneOf(keys.slice(-1))],
      ["one of the first half or of the second", oneOf(keys.slice(0, middle)), oneOf(keys.slice(middle))],
    );
  }
  const question = (role, asked, classes, Provider) => ({
    role,
    name: `${count}: ${asked}`,
    classes,
    answersDiffer: classes[0].accepted !== classes[1].accepted,
    header,
    open: () => new Provider({ keys }),
  });
  return [
    ...pairs.flatMap(([asked, ...classes]) => [
      question(LEAKY, asked, classes, LeakyAPIKeyAuthProvider),
      {
        ...question(FRAMEWORK, asked, classes, FrameworkAPIKeyAuthProvider),
        isShownOnly: asked !== FIRST_OR_LAST,
      },
      question(OURS, asked, classes, APIKeyAuthProvider),
    ]),
    question(SAME_CLASS, "a key twice", [oneOf(keys), oneOf(keys)], APIKeyAuthProvider),
    question(SAME_CLASS, "a stranger twice", [strangers, strangers], APIKeyAuthProvider),
  ];
}

function tokenQuestions(algorithm) {
  const secret = randomBytes(64);
  const forged = (place) => ({
    draw: (random) => {
      const { signed, mac } = newToken(algorithm, secret, random);
      // Any change but none.
      mac[place === "first" ? 0 : mac.length - 1] ^= 1 + random.below(255);
      return `Bearer ${signed}.${mac.toString("base64url")}`;
    },
    accepted: false,
  });
  const [first, last] = ["first", "last"].map(forged);
  const question = (role, asked, classes, Provider) => ({
    role,
    name: `${algorithm}: ${asked}`,
    classes,
    header: "authorization",
    open: () => new Provider({ secret, algorithms: [algorithm] }),
  });
  const places = "the MAC of a forged token differs in its first or in its last byte";
  return [
    question(LEAKY, places, [first, last], LeakyJWTAuthProvider),
    question(SAME_CLASS, "a forged token twice", [first, first], JWTAuthProvider),
    question(OURS, places, [first, last], JWTAuthProvider),
  ];
}

function newToken(algorithm, secret, random) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${encode({ alg: algorithm, typ: "JWT" })}.${encode({ sub: newKey(random) })}`;
  return { signed, mac: macOf(algorithm, secret, signed) };
}

function newKey(random) {
  return Array.from({ length: KEY_LENGTH }, () => random.oneOf(LETTERS)).join("");
}

function withWrongLetter(key, place, random) {
  const wrong = random.oneOf(LETTERS.replace(key[place], ""));
  return key.slice(0, place) + wrong + key.slice(place + 1);
}

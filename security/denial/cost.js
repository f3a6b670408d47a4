/** What a rejection costs beside an acceptance of the same size. */

import { APIKeyAuthProvider, JWTAuthProvider } from "mcp-native-auth";
import { ALGORITHMS } from "./algorithms.js";
import { KEY_SIZES, keyRequests } from "./api-keys.js";
import { median, timed } from "./processor.js";
import { CHEAPEST_PAYLOAD, flawed, forged, genuine, hasRoom } from "./tokens.js";

/** What is measured to be dearer by less is taken for noise. */
export const TOLERANCE = 1.1;

const TOKEN_SIZES = [200, 1024, 4096, 16_384, 65_536, 1_048_576];
/** Of algorithms that differ from another one in nothing but what the signature costs, which hides the rest. */
const FEWER_TOKEN_SIZES = [1024, 16_384];
/** Larger tokens are not kept by the cache, and so are new each time. */
const MAX_CACHED_LENGTH = 4096;
/** Tokens that are kept come once from each provider, which takes as many different ones. */
const POOL = { kept: 64, notKept: 2 };

const FIRST_LOOK = { rounds: 7, milliseconds: 1 };
/** For what seemed too dear at first: more rounds, longer samples. */
const SECOND_LOOK = { rounds: 31, milliseconds: 3 };

/**
 * @typedef {object} Comparison
 * @property {string} subject such as `ES256, 4 KB`
 * @property {string} kind of rejection
 * @property {string} beside what is accepted
 * @property {number} ratio of the rejection's cost to the other's: the median over the rounds
 */

/**
 * Measures all kinds of rejections and yields the comparisons of each subject.
 *
 * @returns {AsyncGenerator<Comparison[]>}
 */
export async function* compareCosts() {
  for (const algorithm of ALGORITHMS) {
    const sizes = algorithm.isCheapestOfItsKind ? TOKEN_SIZES : FEWER_TOKEN_SIZES;
    for (const size of sizes.filter((size) => hasRoom(algorithm, size))) {
      yield await compare(`${algorithm.name}, ${sizeText(size)}`, tokenImplementations(algorithm, size));
    }
  }
  for (const size of KEY_SIZES) {
    yield await compare(`API key, ${sizeText(size)}`, keyImplementations(size));
  }
}

/** @returns {Promise<Comparison[]>} */
async function compare(subject, implementations) {
  const first = await ratios(subject, implementations, FIRST_LOOK);
  const doubtful = first.filter(({ ratio }) => ratio > TOLERANCE);
  if (doubtful.length === 0) return first;
  const named = new Set(doubtful.flatMap(({ kind, beside }) => [kind, beside]));
  const again = await ratios(
    subject,
    implementations.filter(({ name }) => named.has(name)),
    SECOND_LOOK,
  );
  return first.map((comparison) => again.find(({ kind }) => kind === comparison.kind) ?? comparison);
}

/** Everybody takes a turn in each round, in changing order, and a ratio is one of times of the same round. */
async function ratios(subject, implementations, { rounds, milliseconds }) {
  const samples = new Map(implementations.map(({ name }) => [name, []]));
  for (const implementation of implementations) await sample(implementation, milliseconds);
  for (let round = 0; round < rounds; round += 1) {
    for (const implementation of round % 2 === 0 ? implementations : implementations.toReversed()) {
      samples.get(implementation.name).push(await sample(implementation, milliseconds));
    }
  }
  return implementations
    .filter(({ beside }) => beside !== undefined)
    .map(({ name: kind, beside }) => {
      const accepted = samples.get(beside);
      const ratio = median(samples.get(kind).map((cost, round) => cost / accepted[round]));
      return { subject, kind, beside, ratio };
    });
}

/** Milliseconds per request, over passes that take as long as told together. */
async function sample(implementation, milliseconds) {
  let elapsed = 0;
  let asked = 0;
  while (elapsed < milliseconds) {
    const left =
      implementation.cost === undefined ? 1 : Math.ceil((milliseconds - elapsed) / implementation.cost);
    const count = Math.max(1, Math.min(left, implementation.most));
    elapsed += await timed(implementation.pass(count));
    asked += count;
    // The clock of the processor counts microseconds: what takes less than one takes none.
    implementation.cost = Math.max(elapsed, 0.0005) / asked;
  }
  return elapsed / asked;
}

/** Makes of claims that are accepted, and rejections of tokens of the same size, each `beside` one of these. */
function tokenImplementations(algorithm, size) {
  const isKept = size <= MAX_CACHED_LENGTH;
  const pool = range(isKept ? POOL.kept : POOL.notKept);
  const open = () => new JWTAuthProvider(algorithm.config);
  const tokensOf = (make, from) =>
    pool.map((n) => requestWithToken(genuine(algorithm, size, make, from + n)));
  const others = tokensOf(CHEAPEST_PAYLOAD, pool.length);
  const flaws = flawed(algorithm, size);
  const makes = new Set([CHEAPEST_PAYLOAD, ...Object.values(flaws).map(({ make }) => make)]);

  const acceptances = [...makes].map((make) => {
    checkSize(genuine(algorithm, size, make, 0), size, make);
    const prepared = () => {
      const provider = open();
      // Issuers give all their tokens the same header, which is known by then.
      ask(provider, others[0]);
      return provider;
    };
    return implementation(accepting(make), tokensOf(make, 0), prepared, isKept ? pool.length : Infinity);
  });

  // Rejections all come from one provider, whose cache is in use: they have to get past what is in it.
  const experienced = open();
  for (let time = 0; time < 3; time += 1) {
    for (const request of others) ask(experienced, request);
  }
  const rejection = (kind, token, make) => {
    checkSize(token, size, kind);
    // Each a string of its own, as the requests of a flood bring them.
    const requests = pool.map(() => requestWithToken(token));
    return { ...implementation(kind, requests, () => experienced), beside: accepting(make) };
  };
  return [
    ...acceptances,
    ...Object.entries(forged(algorithm, size)).map(([kind, make]) =>
      rejection(kind, make(), CHEAPEST_PAYLOAD),
    ),
    ...Object.entries(flaws).map(([kind, { token, make }]) => rejection(kind, token, make)),
  ];
}

function keyImplementations(size) {
  const { keys, pairs } = keyRequests(size);
  const provider = new APIKeyAuthProvider({ keys });
  return pairs.flatMap(({ kind, right, wrong }) => [
    implementation(accepting(kind), [right], () => provider),
    { ...implementation(kind, [wrong], () => provider), beside: accepting(kind) },
  ]);
}

/** `pass(count)` makes ready to ask about that many of the requests, `most` at a time. */
function implementation(name, requests, prepared, most = Number.POSITIVE_INFINITY) {
  const isAccepted = name.startsWith(accepting(""));
  return {
    name,
    most,
    pass(count) {
      const provider = prepared();
      return async () => {
        let accepted = 0;
        for (let n = 0; n < count; n += 1) {
          accepted += (await provider.authenticate(requests[n % requests.length])) !== false;
        }
        if (accepted !== (isAccepted ? count : 0)) {
          throw new Error(`${name}: ${accepted} of ${count} were accepted`);
        }
      };
    },
  };
}

function accepting(make) {
  return `accepting ${make}`;
}

/** Providers do all their work before they return; the promise only hands it over. */
function ask(provider, request) {
  provider.authenticate(request);
}

function requestWithToken(token) {
  // One flat string of one byte a character, as Node makes of a header's bytes.
  return { headers: { authorization: Buffer.from(`Bearer ${token}`, "latin1").toString("latin1") } };
}

/** A rejection that is compared must not be cheap because it is short. */
function checkSize(token, size, kind) {
  if (Math.abs(token.length - size) > size * 0.05 + 8) {
    throw new Error(`${kind}: ${token.length} bytes instead of ${size}`);
  }
}

function sizeText(size) {
  if (size >= 1_048_576) return `${size / 1_048_576} MB`;
  return size >= 1024 ? `${size / 1024} KB` : `${size} B`;
}

function range(length) {
  return Array.from({ length }, (_, n) => n);
}

/** One case of a seed. */

import { apiKeyCase } from "./api-key-cases.js";
import { apiKeyOptionsCase } from "./api-key-options-cases.js";
import { jwtOptionsCase } from "./jwt-options-cases.js";
import { keyFormatCase } from "./key-cases.js";
import { KINDS } from "./kinds.js";
import { Random } from "./random.js";
import {
  hmacTokenCase,
  publicKeyTokenCase,
  repeatedTokensCase,
  requestShapeCase,
  textSecretCase,
} from "./token-cases.js";

const MAKERS = {
  "API keys": apiKeyCase,
  "API key options": apiKeyOptionsCase,
  "HMAC tokens": hmacTokenCase,
  "tokens under a text secret": textSecretCase,
  "tokens that come again": repeatedTokensCase,
  "tokens under a public key": publicKeyTokenCase,
  "requests with a token": requestShapeCase,
  "key formats": keyFormatCase,
  "JWT options": jwtOptionsCase,
};

const WEIGHTED = KINDS.map(({ weight, name }) => [weight, name]);

/**
 * Case `number` of a seed: the same one whenever and wherever it is asked for.
 *
 * - `provider`: `"apiKey"` or `"jwt"`
 * - `config`: gives the argument of both constructors
 * - `requests`: each gives a request, a new and equal one every time
 * - `steps`: `[index of the request, clock in milliseconds]`, in the order in which they are asked
 * - `made`, `mutateConfig`: what is known of the key in the configuration; what is done to it afterwards
 */
export function makeCase(seed, number) {
  const random = new Random(seed, number);
  const kind = random.weighted(WEIGHTED);
  const one = MAKERS[kind](random);
  return { kind, steps: one.requests.map((_, index) => [index, 1_700_000_000_000]), ...one };
}

import { isPromise } from "./promise.js";
import { mayCarryCredential } from "./request.js";
import { specificityOf } from "./verdict.js";

/**
 * @typedef {import("./authenticator.js").Method} Method
 * @typedef {import("./verdict.js").Verdict} Verdict
 * @typedef {import("./verdict.js").Rejected} Rejected
 */

/**
 * One method of several: asks each in turn and accepts what the first one accepts. Decides at once where each of them
 * does, so that no other request comes in between.
 *
 * @param {string} name
 * @param {() => Method[]} members read for each request: a provider's method may have been replaced since
 * @param {boolean} mayWait
 * @returns {Method}
 */
export function anyOfMethods(name, members, mayWait) {
  // A nested `anyOf` is replaced by its members: they may look at the same credential as others.
  const methods = () => members().flatMap((method) => method.members?.() ?? [method]);
  return {
    name,
    mayWait,
    answersVary: methods().some((method) => method.answersVary),
    members: methods,
    decide: (request) => askFrom(0, methods(), request, []),
    credential: () => undefined,
    challenges: (isInvalid) => bearerFirst(methods().flatMap((method) => method.challenges(isInvalid))),
  };
}

/** @returns {Verdict | Promise<Verdict>} */
function askFrom(start, methods, request, rejections) {
  for (let index = start; index < methods.length; index += 1) {
    const method = methods[index];
    const verdict = ask(method, request);
    if (isPromise(verdict)) {
      return verdict.then((decided) => {
        if (decided.accepted) {
          return decided;
        }
        rejections.push({ verdict: decided, method });
        return askFrom(index + 1, methods, request, rejections);
      });
    }
    if (verdict.accepted) {
      return verdict;
    }
    rejections.push({ verdict, method });
  }
  return combine(rejections, request);
}

function ask(method, request) {
  const loading = method.ready?.();
  return loading === undefined ? method.decide(request) : loading.then(() => method.decide(request));
}

/**
 * The most specific rejection, with the number of guesses of all. A valid but expired credential does not mask a wrong
 * one that is sent with it, and one credential that several methods reject is one guess.
 *
 * @param {{ verdict: Rejected, method: Method }[]} rejections
 * @returns {Rejected}
 */
function combine(rejections, request) {
  const judged = rejections.map(({ verdict, method }) => ({
    verdict,
    credential: credentialOf(method, request),
  }));
  const genuine = new Set(
    judged.filter(({ verdict }) => isGenuine(verdict)).map(({ credential }) => credential),
  );
  const isGuess = ({ verdict, credential }) => verdict.guesses > 0 && !genuine.has(credential);
  const known = judged.filter((one) => one.credential !== undefined && isGuess(one));
  const guessed = new Set(known.map(({ credential }) => credential));
  // A third-party provider may look at what another one has rejected, so only further credentials count.
  const unknown = mayCarryCredential(request, new Set([...genuine, ...guessed]))
    ? judged.filter(({ verdict, credential }) => verdict.guesses > 0 && credential === undefined)
    : [];
  const guesses = guessed.size + (unknown.length > 0 ? 1 : 0);
  const { verdict } = mostSpecific(guesses > 0 ? [...known, ...unknown] : judged);
  // A 401 names all ways in, whatever an extended provider wrote for its own.
  return { ...verdict, guesses, challenges: verdict.status === 401 ? [] : verdict.challenges };
}

/** The first of those that say most. */
function mostSpecific(judged) {
  return judged.reduce((most, one) =>
    specificityOf(one.verdict) > specificityOf(most.verdict) ? one : most,
  );
}

/** Whether a rejection is about a credential that is known to be good, only not now or not here. */
function isGenuine(verdict) {
  return verdict.isGenuine ?? (verdict.guesses === 0 && specificityOf(verdict) > 1);
}

function credentialOf(method, request) {
  try {
    return method.credential(request);
  } catch {
    return undefined;
  }
}

/** Some clients read the first challenge only: that of OAuth is the one that leads them on. */
function bearerFirst(challenges) {
  const rank = (challenge) =>
    challenge?.startsWith("Bearer ") ? (challenge.includes("resource_metadata=") ? 0 : 1) : 2;
  return challenges.toSorted((a, b) => rank(a) - rank(b));
}

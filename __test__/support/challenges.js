/** A strict parser of challenges: RFC 9110 §11.6.1 and §5.6, RFC 6750 §3. Throws for whatever they do not allow. */

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const QUOTED = /"((?:[\t \x21\x23-\x5b\x5d-\x7e]|\\[\t\x20-\x7e])*)"/y;
const TOKEN68 = /[A-Za-z0-9\-._~+/]+=*(?=[ \t]*(?:,|$))/y;

/** @returns {{ scheme: string, parameters: Record<string, string> }[]} */
export function parseChallenges(value) {
  let at = 0;
  const fail = (what) => {
    throw new SyntaxError(`${what} at ${at} of ${JSON.stringify(value)}`);
  };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(value);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  const challenges = [];
  while (at < value.length) {
    const [scheme] = take(TOKEN) ?? fail("no scheme");
    const parameters = {};
    if (take(/ +/y)) {
      if (!take(TOKEN68)) {
        for (;;) {
          const [name] = take(TOKEN) ?? fail("no parameter");
          take(/[ \t]*=[ \t]*/y) ?? fail("no =");
          const quoted = take(QUOTED);
          const text = quoted ? quoted[1].replace(/\\(.)/g, "$1") : (take(TOKEN) ?? fail("no value"))[0];
          if (Object.hasOwn(parameters, name.toLowerCase())) fail(`${name} twice`);
          parameters[name.toLowerCase()] = text;
          // A comma, and then a parameter rather than a scheme.
          if (!take(/[ \t]*,[ \t]*(?=[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*=)/y)) break;
        }
      }
    }
    challenges.push({ scheme, parameters });
    if (at < value.length) take(/[ \t]*,[ \t]*/y) ?? fail("no comma");
  }
  for (const { scheme, parameters } of challenges) {
    if (scheme.toLowerCase() === "bearer") checkBearer(parameters, fail);
  }
  return challenges;
}

function checkBearer(parameters, fail) {
  const { error, error_description: description, scope, resource_metadata: metadata } = parameters;
  if (Object.keys(parameters).length === 0) fail("Bearer without a parameter");
  if (error !== undefined && !["invalid_request", "invalid_token", "insufficient_scope"].includes(error)) {
    fail("an unknown error code");
  }
  if (description !== undefined && !/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/.test(description)) fail("description");
  if (scope !== undefined && !/^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/.test(scope)) {
    fail("scope");
  }
  if (metadata !== undefined && !URL.canParse(metadata)) fail("metadata");
}

/** RFC 9110 §5.1, §5.5: names are tokens, values hold no control character. */
export function checkFields(headers) {
  for (const [name, value] of headers) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || !/^[\t\x20-\x7e]*$/.test(value)) {
      throw new SyntaxError(`${JSON.stringify(name)}: ${JSON.stringify(value)}`);
    }
  }
}

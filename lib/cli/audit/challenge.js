/** `WWW-Authenticate` as RFC 9110 §11.6.1 and §5.6 have it, to the letter: a client may be as strict. */

const TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
const TOKEN_68 = /[0-9A-Za-z\-._~+/]+=*(?=[ \t]*(?:,|$))/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const SPACE = /[ \t]*/y;
const SPACES = / +/y;
const COMMAS = /[ \t]*(?:,[ \t]*)+/y;
const QUOTED = /"((?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*)"/y;

/**
 * @typedef {object} Challenge
 * @property {string} scheme lower case
 * @property {[name: string, value: string][]} parameters names in lower case, in order, as often as they are there
 */

/**
 * The challenges of all `WWW-Authenticate` fields of a response.
 *
 * @param {string[]} values
 * @returns {{ challenges: Challenge[], error: string | undefined }} with those before the first error
 */
export function parseChallenges(values) {
  const reader = new Reader(values.join(", "));
  /** @type {Challenge[]} */
  const challenges = [];
  reader.take(COMMAS);
  while (!reader.isAtEnd) {
    const scheme = reader.take(TOKEN);
    if (scheme === undefined) {
      return { challenges, error: reader.error("the name of a scheme") };
    }
    /** @type {Challenge} */
    const challenge = { scheme: scheme.toLowerCase(), parameters: [] };
    challenges.push(challenge);
    const error = readParameters(reader, challenge);
    if (error !== undefined) {
      return { challenges, error };
    }
  }
  return { challenges, error: undefined };
}

/** Up to the next challenge. @returns {string | undefined} what is wrong */
function readParameters(reader, { parameters }) {
  if (reader.take(SPACES) !== undefined && reader.take(TOKEN_68) !== undefined) {
    return endOfPart(reader);
  }
  for (;;) {
    const start = reader.position;
    const name = reader.take(TOKEN);
    if (name === undefined || reader.take(EQUALS) === undefined) {
      // The name of the next scheme.
      reader.position = start;
      return name === undefined ? endOfPart(reader) : undefined;
    }
    const value = reader.takeQuoted() ?? reader.take(TOKEN);
    if (value === undefined) {
      return reader.error(`a token or a quoted string as value of ${name}`);
    }
    parameters.push([name.toLowerCase(), value]);
    const error = endOfPart(reader);
    if (error !== undefined || reader.isAtEnd) {
      return error;
    }
  }
}

function endOfPart(reader) {
  if (reader.take(COMMAS) !== undefined) {
    return undefined;
  }
  reader.take(SPACE);
  return reader.isAtEnd ? undefined : reader.error("a comma or the end");
}

class Reader {
  #text;
  position = 0;

  constructor(text) {
    this.#text = text;
  }

  get isAtEnd() {
    return this.position >= this.#text.length;
  }

  take(pattern) {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.#text);
    if (match === null) {
      return undefined;
    }
    this.position = pattern.lastIndex;
    return match[0];
  }

  takeQuoted() {
    return this.take(QUOTED)?.slice(1, -1).replaceAll(/\\(.)/g, "$1");
  }

  error(expected) {
    return `at character ${this.position + 1} of WWW-Authenticate, ${expected} is missing`;
  }
}

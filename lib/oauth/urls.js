import { optionError } from "./errors.js";

const MAX_URL_LENGTH = 2048;

/** Without white space and control characters, which `new URL` drops in silence. */
const VISIBLE_ASCII = /^[\x21-\x7e]+$/;

/**
 * Addresses that never leave the machine. Not `*.localhost`, which some resolvers ask the network for, and not
 * `[::ffff:127.0.0.1]`, which is an address of this machine only where its system maps IPv4 into IPv6.
 */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** @param {URL} url */
export function isLoopback(url) {
  return LOOPBACK.test(url.hostname);
}

/**
 * Why a text cannot be the URL of a request, as the rest of a sentence that begins with its name; `undefined` if it can.
 *
 * @param {unknown} text
 * @param {boolean} requireHttps whether `http:` is accepted for loopback addresses only
 * @returns {string | undefined}
 */
export function urlProblem(text, requireHttps) {
  if (typeof text !== "string" || text.length > MAX_URL_LENGTH || !VISIBLE_ASCII.test(text)) {
    return `must be a URL of visible ASCII characters, at most ${MAX_URL_LENGTH}`;
  }
  if (!URL.canParse(text)) {
    return 'must be an absolute URL such as "https://login.example.com"';
  }
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    return "must be an https URL";
  }
  // A URL parser reads these forms as others do not.
  if (!/^https?:\/\/[^/?#]/i.test(text) || text.includes("\\")) {
    return 'must be written as in "https://login.example.com"';
  }
  if (url.username !== "" || url.password !== "") {
    return "must not contain a user name or password";
  }
  if (text.includes("#")) {
    return "must not have a fragment";
  }
  if (url.protocol === "http:" && requireHttps && !isLoopback(url)) {
    return "must be an https URL; http is accepted for loopback addresses only";
  }
  return undefined;
}

/**
 * The URL in an option.
 *
 * @param {string} name of the option
 * @param {unknown} text
 * @param {object} [options]
 * @param {boolean} [options.requireHttps] whether `http:` is accepted for loopback addresses only. Default: true
 * @returns {URL}
 */
export function parseUrlOption(name, text, { requireHttps = true } = {}) {
  const problem = urlProblem(text, requireHttps);
  if (problem !== undefined) {
    throw optionError(`\`${name}\` ${problem}`);
  }
  return new URL(/** @type {string} */ (text));
}

/** What a message may say of a URL: a query can hold a credential. */
export function describeUrl(/** @type {URL} */ url) {
  return `${url.origin}${url.pathname}`.slice(0, 200);
}

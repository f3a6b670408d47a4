/**
 * For the debug log: what a token whose signature holds should have said, and what it says. Never called for a token
 * that may be forged, and never gives a part of a token but the claims that decide.
 */

const MAX_SHOWN = 100;

/** Which claim a reason is about, and which rule. */
const ABOUT = {
  TOKEN_ISSUER_NOT_ALLOWED: ["iss", "issuers"],
  TOKEN_AUDIENCE_NOT_ALLOWED: ["aud", "audiences"],
  TOKEN_SUBJECT_NOT_ALLOWED: ["sub", "subjects"],
  TOKEN_CLAIM_MISSING: [undefined, "requiredClaims"],
  TOKEN_EXPIRED: ["exp"],
  TOKEN_NOT_YET_VALID: ["nbf"],
  TOKEN_TOO_OLD: ["iat", "maxTokenAge"],
  TOKEN_ISSUED_IN_FUTURE: ["iat"],
  TOKEN_TIME_CLAIM_INVALID: ["exp"],
};

/** Whether a reason says that the signature holds. */
export function canExplain(reason) {
  return Object.hasOwn(ABOUT, reason);
}

/**
 * @param {string} reason
 * @param {string} value of the header that carries the token
 * @param {Record<string, any>} rules as the native verifier takes them
 * @param {number} now seconds since 1970 UTC
 */
export function explain(reason, value, rules, now) {
  const [name, rule] = ABOUT[reason];
  const claims = readClaims(value);
  const said = [];
  if (rule !== undefined) {
    said.push(`expected ${show(rules[rule])}`);
  }
  if (name !== undefined) {
    said.push(`found ${name} ${show(claims[name])}`);
  } else {
    said.push(`found ${show(Object.keys(claims))}`);
  }
  if (typeof claims[name] === "number") {
    said.push(`${Math.round(Math.abs(now - claims[name]))} s ${now >= claims[name] ? "ago" : "ahead"}`);
  }
  return said.join(", ");
}

function readClaims(value) {
  try {
    const token = value.slice(value.lastIndexOf(" ") + 1);
    const claims = JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
    return typeof claims === "object" && claims !== null ? claims : {};
  } catch {
    return {};
  }
}

/** Control characters are escaped: a claim must not forge a line of the log. */
function show(value) {
  return (JSON.stringify(value) ?? "nothing").slice(0, MAX_SHOWN).replace(/[^ -~]/g, "?");
}

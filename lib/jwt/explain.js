/**
 * What a rejected token should have said and what it says, for the debug log. Only of a token whose signature holds:
 * of any other nothing is read. Only the claims that decide are shown, never another part of the token.
 */

const MAX_SHOWN = 120;

/**
 * The claim that a reason is about, and the rule that it breaks: of reasons that a forged token never has, because the
 * signature is verified before.
 *
 * @type {Record<string, (string | undefined)[]>}
 */
const ABOUT = {
  TOKEN_ISSUER_NOT_ALLOWED: ["iss", "issuers"],
  TOKEN_AUDIENCE_NOT_ALLOWED: ["aud", "audiences"],
  TOKEN_SUBJECT_NOT_ALLOWED: ["sub", "subjects"],
  TOKEN_TYPE_NOT_ALLOWED: ["typ", "types"],
  TOKEN_CLAIM_NOT_ALLOWED: [],
  TOKEN_CLAIM_MISSING: [undefined, "requiredClaims"],
  TOKEN_EXPIRATION_MISSING: ["exp"],
  TOKEN_EXPIRED: ["exp"],
  TOKEN_NOT_YET_VALID: ["nbf"],
  TOKEN_TOO_OLD: ["iat", "maxTokenAge"],
  TOKEN_ISSUED_IN_FUTURE: ["iat"],
  TOKEN_TIME_CLAIM_INVALID: [undefined],
};

/**
 * @param {string} reason
 * @param {string} value of the header that carries the token
 * @param {Record<string, any>} rules as the native verifier takes them
 * @param {number} now seconds since 1970 UTC
 * @returns {string | undefined} nothing where there is nothing to add to the reason
 */
export function explain(reason, value, rules, now) {
  if (!Object.hasOwn(ABOUT, reason)) {
    return undefined;
  }
  const [name, rule] = ABOUT[reason];
  const expected = rule === undefined ? [] : expectations(rule, rules[rule]);
  return [...expected, ...findings(reason, name, value, rules, now)].join(", ");
}

function expectations(rule, accepted) {
  if (accepted?.length !== 0 && accepted !== undefined && accepted !== null) {
    return [`expected ${rule} ${show(accepted)}`];
  }
  // A key can have issuers of its own.
  return rule === "issuers" ? ["expected issuers of the key"] : [];
}

function findings(reason, name, value, rules, now) {
  const part = (index) => readPart(value, index);
  if (reason === "TOKEN_CLAIM_MISSING") {
    const claims = part(1);
    return [`missing ${show((rules.requiredClaims ?? []).filter((claim) => !Object.hasOwn(claims, claim)))}`];
  }
  if (reason === "TOKEN_CLAIM_NOT_ALLOWED") {
    const demanded = rules.claims.map(({ name: claim, texts, numbers, booleans }) => [
      claim,
      [...texts, ...numbers, ...booleans],
    ]);
    const stated = rules.claims.map(({ name: claim }) => [claim, part(1)[claim]]);
    return [`expected ${show(Object.fromEntries(demanded))}`, `found ${show(Object.fromEntries(stated))}`];
  }
  if (reason === "TOKEN_TIME_CLAIM_INVALID") {
    const { exp, nbf, iat } = part(1);
    return [`found ${show({ exp, nbf, iat })}`];
  }
  const holder = part(name === "typ" ? 0 : 1);
  const found = Object.hasOwn(holder, name) ? holder[name] : undefined;
  if (typeof found !== "number") {
    return [`found ${found === undefined ? `no ${name}` : `${name} ${show(found)}`}`];
  }
  const distance = `${Math.round(Math.abs(now - found))} s ${now < found ? "ahead" : "ago"}`;
  const tolerance = rules.clockTolerance > 0 ? [`clockTolerance ${rules.clockTolerance} s`] : [];
  return [`found ${name} ${found}, ${distance}`, ...tolerance];
}

/** The header or the claims of a token, with a scheme before it or without. */
function readPart(value, index) {
  try {
    const [, token] = /(\S+)\s*$/.exec(value) ?? [];
    const parsed = JSON.parse(Buffer.from(token?.split(".")[index] ?? "", "base64url").toString());
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** In one line and ASCII: a claim must not write a line of the log. */
export function show(value) {
  const text = (JSON.stringify(value) ?? "none").replace(/[^ -~]/g, "?");
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

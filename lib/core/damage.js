/** What most keys are made of. Rules about single characters ask for it around them: passwords hold any character. */
const PLAIN = "[\\w\\-.~+/=]";
const KEY = `${PLAIN}{16,}`;

/** Files and folders as containers and people name them; random base64 may begin with a slash. */
const FILE_NAME =
  /^(?:~|\.{1,2})\/[\w./-]+$|^[A-Z]:[\\/][\w. \\/-]+$|^\/(?:app|data|etc|home|mnt|opt|root|run|secrets|srv|tmp|usr|Users|var)\/\S+$|^[\w./\\-]+\.(?:env|json|key|pem|txt|ya?ml)$/;

const ABBREVIATED = /^[\w-]*(?:\.{3}|…)[\w-]*$/;

/**
 * What deployment tools do to keys and secrets on their way into a configuration. Each rule says what the text is and
 * what to do; none matches a key that a generator makes.
 *
 * @type {[RegExp, string][]}
 */
const RULES = [
  [
    /^@Microsoft\.KeyVault\(/i,
    "is a Key Vault reference that was not resolved; check the identity of the app",
  ],
  [
    /^arn:aws[\w-]*:(?:secretsmanager|ssm):/,
    "is the name of an AWS secret, not its value; read the secret first",
  ],
  [
    /^projects\/[^/]+\/secrets\//,
    "is the name of a Google Cloud secret, not its value; read the secret first",
  ],
  [/^\{\{[\s\S]*\}\}$/, "is a template that was not resolved; pass its value"],
  [/^(?:ENC\[|\$ANSIBLE_VAULT;|vault:v\d+:)/, "is encrypted; pass the decrypted value"],
  [
    /^(?:op|vault|secretref|awssm|gcpsm|azkv|akv|doppler|bws|infisical|env|ssm|file):\/?\/?[\w$@{]/i,
    "is a reference to a secret, not its value; resolve it first",
  ],
  [/\[object \w+\]/, "is what an object becomes as text; await it, or pass the value in it"],
  [/^[a-z][a-z\d+.-]*:\/\/\S*$/i, "is an address; read the value from there first"],
  [FILE_NAME, "is the name of a file; read the file, and pass its content"],
  [
    /^(?:\$\{[^}]*\}|\$\([^)]*\)|\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|<[^<>]+>)$/,
    "is a placeholder that was not replaced",
  ],
  [/^(?:"[\s\S]*"|'[\s\S]*'|`[\s\S]*`)$/, "is in quotes, which clients do not send; remove the quotes"],
  [
    new RegExp(`^\\\\?["'\`]${KEY}$|^${KEY}\\\\?["'\`]$|^\\\\"${KEY}\\\\"$`),
    "has a quote at an end; remove it",
  ],
  [
    new RegExp(`^${KEY}(?:[,;]|(?:\\\\[nr]|%0[ad]|&(?:quot|apos|#\\d+);)+)$`, "i"),
    "ends with a separator or an escaped character; remove it",
  ],
  [/^[“”„‟‘’‚‛«»][\s\S]*[“”„‟‘’‚‛«»]$/, "is in typographic quotes; remove the quotes"],
  [/^\uFEFF/, "begins with a byte order mark; save the file without one"],
  [/^(?:Bearer|ApiKey|Basic|Token)\s/i, "begins with a scheme, as in Bearer; remove that word"],
  [/^(?:export\s+\w+|[A-Z][A-Z0-9]*_[A-Z0-9_]*)=[^=\s]/, "is a whole NAME=value line; pass the value alone"],
  [
    /^\W{0,2}(?:[\w.-]+[\s:])?(?:[\w.-]*(?:key|secret|token|password)\s*(?:=|:\s)|x-api-key:)\s*[^=\s]/i,
    "begins with its own name; pass the value alone",
  ],
  [/\s#\s/, "holds a comment; remove it"],
  [/^\s*(?:\{\s*"|\[\s*")[\s\S]*[\]}]\s*$/, "is JSON; pass the value of the member that holds it"],
  [/\S[\r\n]+\S/, "has several lines; pass each as a key of its own"],
  [new RegExp(`^${PLAIN}{8,}(?:[,;]\\s*${PLAIN}{8,})+$`), "is a list; pass each item as a key of its own"],
  [new RegExp(`^${KEY}(?:[|\\s]\\s*${KEY})+$`), "is a list; pass each item as a key of its own"],
  [/^[-*]\s+\S/, "is an item of a list; pass the value alone"],
  [ABBREVIATED, "is abbreviated; copy the whole of it"],
  [/\p{Cf}/u, "holds an invisible character; type it again"],
  [/[“”‘’‐-―]/, "holds typographic quotes or dashes; type it again"],
];

/** What no rule but one matches: there may be a hundred thousand keys. */
const ORDINARY = /^[\w\-.~+/]+=*$/;
const EXCEPTIONS = new RegExp(`^projects/|${ABBREVIATED.source}|${FILE_NAME.source}`);

/**
 * What is wrong with a text that should be a key or secret; `undefined` if nothing is known to be.
 *
 * @param {string} text
 * @returns {string | undefined} the rest of a sentence, without anything of the text
 */
export function findDamage(text) {
  if (ORDINARY.test(text) && !EXCEPTIONS.test(text)) {
    return undefined;
  }
  return RULES.find(([pattern]) => pattern.test(text))?.[1];
}

/**
 * Why no request can carry a text in a header, as the rest of a sentence; `undefined` if one can. RFC 9110 §5.5.
 *
 * @param {string} text
 */
export function findUnsendable(text) {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(text)) {
    return undefined;
  }
  return /\p{Cc}/u.test(text)
    ? "holds a control character, which no header can carry"
    : "holds a character that no header can carry";
}

/** What happens to PEM and other text on its way into a configuration. */

import { pem } from "./der.js";

/** What is done to PEM without touching what it encodes. */
const REWRITINGS = [
  (text) => text.replaceAll("\n", "\r\n"),
  (text) => text.trimEnd(),
  (text) => `\n${text}`,
  (text) => `\r\n \n\t\n${text}`,
  (text) => `# production signing key\n${text}`,
  (text) => `Bag Attributes\n    friendlyName: key\n${text}`,
  (text) => `\ufeff${text}`,
  (text) => `${text}\n# the end`,
  (text) => text.replaceAll("\n", "  \n"),
  (text) => rewrapped(text, 76),
  (text) => rewrapped(text, 20),
  (text) => rewrapped(text, 1),
  (text) => `  ${text}`,
  (text) => `KEY=${text}`,
  (text) => `"${text}"`,
  (text) => `${text.trimEnd()}junk`,
  (text) => text.replaceAll("\n", "\\n"),
  (text) => text.replaceAll("\n", "\\r\\n"),
  (text) => text.replaceAll("\n", ""),
  (text) => text.replaceAll("\n", " "),
  (text) => text.replaceAll("\n", "\r"),
  (text) => text.replaceAll("\n", "\n\n"),
  (text) => text.replaceAll("\n", "\n  "),
  (text) => pem("SECRET", Buffer.from("abc")) + text,
  (text) => pem("CERTIFICATE REQUEST", Buffer.from("abc")) + text,
  (text) => text + text,
  (text) => text.slice(0, 200),
  (text) => text.replace(/^.*\n/, ""),
  (text) => text.replace(/-----END.*/s, ""),
  (text) => text.replaceAll("-----", "----"),
  (text) => text.replaceAll("-----", "------"),
  (text) => text.toLowerCase(),
  (text) => text.replaceAll(/KEY|CERTIFICATE/g, "SECRET"),
  (text) => text.replaceAll("BEGIN", "begin"),
  (text) => text.replace("-----BEGIN", "\u200b-----BEGIN"),
  (text) => text.split("").join("\0"),
  (text) => text.replaceAll(" ", ""),
  (text) => text.replaceAll(" ", "\u00a0"),
  (text) => text.replace("-----\n", "-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n"),
  (text) => text.replace("-----\n", "-----\nComment: a header\n\n"),
];

function rewrapped(text, width) {
  return text.replace(/-\n([^-]+)\n-/g, (_, body) => {
    const lines = body.replaceAll("\n", "").match(new RegExp(`.{1,${width}}`, "g"));
    return `-\n${lines.join("\n")}\n-`;
  });
}

/** The text in another shape, the bytes that it encodes untouched. */
export function rewritten(random, text) {
  const once = random.pick(REWRITINGS)(text);
  return random.chance(0.8) ? once : random.pick(REWRITINGS)(once);
}

/** The text with one to three changes anywhere. */
export function damaged(random, text) {
  let result = text;
  for (let changes = random.between(1, 3); changes > 0; changes -= 1) {
    const at = random.below(result.length);
    const what = random.pick(["A", "z", "/", "+", "=", "-", " ", "\n", "*", "\\n", "\u00e9", "\0"]);
    result = random.weighted([
      [4, () => result.slice(0, at) + what + result.slice(at + 1)],
      [2, () => result.slice(0, at) + what + result.slice(at)],
      [2, () => result.slice(0, at) + result.slice(at + 1)],
      [1, () => result.slice(0, at) + result.slice(at + random.between(2, 60))],
    ])();
  }
  return result;
}

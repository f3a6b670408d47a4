/** Numbers given on the command line. A mistyped one must not make a run that proves nothing. */

/**
 * @param {string} name of the flag
 * @param {string} text what was given
 * @param {number} [least]
 * @returns {number} a whole one, or the process ends with exit code 2
 */
export function wholeNumber(name, text, least = 1) {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < least || text.trim() === "") {
    console.error(`--${name} must be a whole number from ${least}, not ${text}`);
    process.exit(2);
  }
  return number;
}

/** Control characters, which could change what a terminal shows. */
const CONTROL = /[\p{Cc}\p{Cf}\u2028\u2029]+/gu;

/** The length of the shortest part of a credential that is worth hiding. A shorter one is in many texts by chance. */
const PART = 8;

const MASK = "[credential]";

/**
 * Makes text of a server fit to be shown: a server may send back what it was sent. Hides each credential that was
 * sent, whole or in parts of 8 characters and more, and removes control characters.
 */
export class Redactor {
  /** @type {Map<number, Set<string>>} by length */
  #parts = new Map();

  /** @param {string} credential from now on hidden */
  hide(credential) {
    for (const form of new Set([credential, encodeURIComponent(credential)])) {
      const length = Math.min(PART, form.length);
      const parts = this.#parts.get(length) ?? new Set();
      this.#parts.set(length, parts);
      for (let start = 0; length > 0 && start + length <= form.length; start++) {
        parts.add(form.slice(start, start + length));
      }
    }
  }

  /**
   * @param {unknown} value
   * @param {number} [maxLength] longer text is cut, and ends in an ellipsis
   */
  show(value, maxLength = 160) {
    const text = this.redact(String(value)).replaceAll(CONTROL, " ").trim();
    return text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  }

  /** @param {string} text */
  redact(text) {
    const hidden = new Uint8Array(text.length);
    for (const [length, parts] of this.#parts) {
      for (let start = 0; start + length <= text.length; start++) {
        if (parts.has(text.slice(start, start + length))) {
          hidden.fill(1, start, start + length);
        }
      }
    }
    let shown = "";
    for (let index = 0; index < text.length; index++) {
      if (!hidden[index]) {
        shown += text[index];
      } else if (!hidden[index - 1]) {
        shown += MASK;
      }
    }
    return shown;
  }

  /** Whether the text holds a credential, or a part of one. @param {string} text */
  finds(text) {
    return this.redact(text) !== text;
  }
}

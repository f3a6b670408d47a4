/** Markdown as far as the tests of the documentation need it. */

/**
 * The fenced blocks of a page.
 *
 * @returns {{ line: number, language: string, words: string[], code: string }[]} `line` of the opening fence, from 1
 */
export function blocks(markdown) {
  const found = [];
  let open;
  for (const [index, line] of markdown.split("\n").entries()) {
    const fence = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(line);
    if (open === undefined && fence) {
      const [language = "", ...words] = fence[3].trim().split(/\s+/);
      open = { fence: fence[2], line: index + 1, language, words, lines: [] };
    } else if (open !== undefined && line.trim() === open.fence) {
      const { line: start, language, words, lines } = open;
      found.push({ line: start, language, words, code: `${lines.join("\n")}\n` });
      open = undefined;
    } else {
      open?.lines.push(line);
    }
  }
  if (open !== undefined) {
    throw new Error(`the block of line ${open.line} has no end`);
  }
  return found;
}

/** The page without its fenced blocks, line for line. */
export function prose(markdown) {
  return markdown.replace(/^(`{3,}).*\n[\s\S]*?^\1$/gm, (block) => block.replace(/[^\n]/g, ""));
}

/** The headings, as text. */
function headings(markdown) {
  return [...prose(markdown).matchAll(/^#{1,6} +(.+?) *$/gm)].map(([, text]) => text);
}

/** The anchors of the headings, as GitHub makes them: of equal ones the second ends in `-1`. */
export function anchors(markdown) {
  const seen = new Map();
  return headings(markdown).map((text) => {
    const anchor = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
      .replaceAll(" ", "-");
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** The targets of links and images. */
export function links(markdown) {
  const text = prose(markdown).replace(/`[^`\n]*`/g, "``");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
}

/** The parts of a page below its headings of one level: `[heading, text]`. */
export function sections(markdown, level) {
  const marks = "#".repeat(level);
  return markdown
    .split(new RegExp(`^${marks} `, "m"))
    .slice(1)
    .map((part) => {
      const [heading, ...lines] = part.split("\n");
      const end = lines.findIndex((line) => new RegExp(`^#{1,${level}} `).test(line));
      return [heading.trim(), (end === -1 ? lines : lines.slice(0, end)).join("\n")];
    });
}

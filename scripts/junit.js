/** JUnit reports as Bun and Deno write them; Node's are no well-formed XML where a name holds quotes. */

const TOKEN = /<(testsuite|testcase)\b([^>]*?)(\/?)>|<\/(testsuite|testcase)>|<(failure|error|skipped)\b/g;
const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/**
 * The outcome of each test of a report of one file, by its full name: those of the suites around it and its
 * own, joined by ` > `.
 *
 * @param {string} xml
 * @param {{ isFile?: (name: string) => boolean }} options whether a suite stands for the file itself
 * @returns {[string, "passed" | "failed" | "skipped"][]}
 */
export function outcomesOf(xml, { isFile = () => false } = {}) {
  const outcomes = [];
  const suites = [];
  for (const [, opened, attributes, isEmpty, closed, verdict] of xml.matchAll(TOKEN)) {
    if (opened === "testsuite" && !isEmpty) {
      suites.push(nameIn(attributes));
    } else if (closed === "testsuite") {
      suites.pop();
    } else if (opened === "testcase") {
      const names = [...suites.filter((name) => !isFile(name)), nameIn(attributes)];
      outcomes.push([names.join(" > "), "passed"]);
    } else if (verdict) {
      outcomes.at(-1)[1] = verdict === "skipped" ? "skipped" : "failed";
    }
  }
  return outcomes;
}

function nameIn(attributes) {
  const [, text] = /\bname="([^"]*)"/.exec(attributes) ?? [undefined, ""];
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (_, decimal, hex, name) =>
    name ? ENTITIES[name] : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
  );
}

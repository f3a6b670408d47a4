/** What the audit shows: rows as they are judged, and reports as text, JSON and HTML. */

export const GROUPS = {
  D: "Discovery",
  C: "Challenges and status codes",
  B: "Where the credential is",
  H: "HTTP transport",
  T: "Token validation",
  K: "Keys of the issuer",
};

const SHOWN = { pass: "pass", fail: "FAIL", "not checked": "–" };
const COLORS = { pass: 32, fail: 31, "not checked": 2 };

/** Writes to a terminal, or to a file or pipe as plain text. */
export class Terminal {
  #stream;
  #hasColor;
  #isLive;
  #group;

  /** @param {NodeJS.WriteStream} stream @param {NodeJS.ProcessEnv} env */
  constructor(stream, env) {
    this.#stream = stream;
    this.#isLive = stream.isTTY === true;
    this.#hasColor = this.#isLive && !env.NO_COLOR && env.TERM !== "dumb";
  }

  get #width() {
    return Math.min(Math.max(this.#stream.columns ?? 100, 40), 120);
  }

  #paint(code, text) {
    return this.#hasColor ? `\x1b[${code}m${text}\x1b[0m` : text;
  }

  write(text = "") {
    this.#stream.write(`${text}\n`);
  }

  /** Text in lines, each after `indent` spaces. */
  paragraph(text, indent = 0) {
    this.write(
      wrap(text, this.#width - indent)
        .map((line) => " ".repeat(indent) + line)
        .join("\n"),
    );
  }

  /** On a terminal only. The next line takes its place. */
  progress({ id, title }) {
    if (this.#isLive) {
      this.#stream.write(this.#paint(2, `      ${id.padEnd(5)}${title}…`.slice(0, this.#width - 1)));
    }
  }

  row({ id, title, verdict, received, reason }) {
    if (this.#isLive) {
      this.#stream.write("\r\x1b[K");
    }
    if (this.#group !== id[0]) {
      this.#group = id[0];
      this.write(`\n${this.#paint(1, GROUPS[this.#group])}`);
    }
    const mark = this.#paint(COLORS[verdict], SHOWN[verdict].padEnd(6));
    const [first, ...rest] = wrap(title, this.#width - 11);
    this.write(`${mark}${id.padEnd(5)}${first}`);
    const more =
      verdict === "not checked" ? [...rest, ...wrap(`not checked: ${reason}`, this.#width - 11)] : rest;
    for (const line of more) {
      this.write(`${" ".repeat(11)}${this.#paint(2, line)}`);
    }
    if (verdict === "fail") {
      for (const line of wrap(received, this.#width - 11)) {
        this.write(`${" ".repeat(11)}${this.#paint(31, line)}`);
      }
    }
  }

  /** What to do about each row that failed, and the counts. */
  summary({ rows, summary, requests, durationMs }) {
    const failed = rows.filter(({ verdict }) => verdict === "fail");
    if (failed.length > 0) {
      this.write(`\n${this.#paint(1, "What to fix")}`);
    }
    for (const { id, title, source, level, sent, received, fix } of failed) {
      this.write();
      this.write(this.#paint(1, `${id.padEnd(5)}${title}`));
      for (const [name, text] of Object.entries({ sent, received, source: `${source} (${level})`, fix })) {
        const [first, ...rest] = wrap(text, this.#width - 15);
        this.write(`     ${this.#paint(2, name.padEnd(10))}${first}`);
        for (const line of rest) {
          this.write(`${" ".repeat(15)}${line}`);
        }
      }
    }
    const counts = [
      this.#paint(summary.pass > 0 ? 32 : 0, `${summary.pass} pass`),
      this.#paint(summary.fail > 0 ? 31 : 0, `${summary.fail} fail`),
      `${summary.notChecked} not checked`,
    ];
    this.write(`\n${counts.join(", ")}`);
    this.write(`${requests} requests in ${(durationMs / 1000).toFixed(1)} s`);
  }
}

function wrap(text, width) {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines[lines.length - 1];
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
    }
  }
  return lines.flatMap((line) => line.match(new RegExp(`.{1,${width}}`, "gu")) ?? [""]);
}

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const toEntities = (text) => String(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]);

const STYLE = `
:root { color-scheme: light dark; --text: #1c1e21; --soft: #54585e; --line: #d4d7db; --ground: #fff; --head: #f3f4f6;
  --pass: #0a6b2d; --fail: #b3121d; }
@media (prefers-color-scheme: dark) { :root { --text: #e8eaed; --soft: #a9afb6; --line: #3c4147; --ground: #17191c;
  --head: #212429; --pass: #64d68a; --fail: #ff8d8d; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 80rem; color: var(--text); background: var(--ground);
  font: 1rem/1.45 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; } .soft { color: var(--soft); }
.counts { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: 1rem 0; padding: 0; list-style: none; }
.counts b { font-size: 1.4rem; }
table { width: 100%; border-collapse: collapse; table-layout: fixed; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
thead th { background: var(--head); font-size: .875rem; }
th.id { width: 4rem; } th.verdict { width: 7.5rem; } th.rule { width: 27%; }
tbody th { font-weight: 600; } td small { display: block; color: var(--soft); font-size: .85rem; }
.pass { color: var(--pass); } .fail { color: var(--fail); font-weight: 700; }
.fix { margin-top: .4rem; padding-left: .6rem; border-left: 3px solid var(--fail); }
@media (max-width: 46rem) {
  body { padding: 1rem; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table, tbody { display: block; }
  tr { display: grid; grid-template-columns: 3rem 1fr auto; gap: .1rem .5rem; padding: .7rem 0;
    border-bottom: 1px solid var(--line); }
  tbody th, td { padding: 0; border: 0; }
  td.wide { grid-column: 1 / -1; }
  td.wide::before { content: attr(data-name) ": "; color: var(--soft); }
}
@media print {
  :root { font-size: 9pt; color-scheme: light; --text: #000; --soft: #333; --line: #999; --ground: #fff; --head: #eee; --pass: #064a1f;
    --fail: #8c0d16; }
  body { padding: 0; max-width: none; }
  thead { display: table-header-group; } tr, h2 { break-inside: avoid; } h2 { break-after: avoid; }
}`;

/**
 * One file without a foreign resource: no script, no font, no image.
 *
 * @param {any} result
 */
export function toHtml({ url, startedAt, version, requests, durationMs, generations, summary, rows }) {
  const groups = Object.entries(GROUPS)
    .map(([letter, name]) => ({ name, rows: rows.filter(({ id }) => id[0] === letter) }))
    .filter((group) => group.rows.length > 0);
  const tables = groups.map(
    ({ name, rows: members }) => `<h2>${toEntities(name)}</h2>
<table role="table" aria-label="${toEntities(name)}">
<thead role="rowgroup"><tr role="row"><th class="id" scope="col" role="columnheader">Row</th><th class="rule" scope="col" role="columnheader">Rule</th><th class="verdict" scope="col" role="columnheader">Verdict</th><th scope="col" role="columnheader">Sent</th><th scope="col" role="columnheader">Received, or why not checked</th></tr></thead>
<tbody role="rowgroup">
${members.map(toTableRow).join("\n")}
</tbody>
</table>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Authorization audit of ${toEntities(url)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Authorization audit</h1>
<p><strong>${toEntities(url)}</strong></p>
<p class="soft">${toEntities(startedAt)}; ${requests} requests in ${(durationMs / 1000).toFixed(1)} s${
    generations.length > 0 ? `; speaks MCP ${toEntities(generations.join(" and "))}` : ""
  }; mcp-native-auth ${toEntities(version)}</p>
<ul class="counts">
<li class="pass"><b>${summary.pass}</b> pass</li>
<li class="${summary.fail > 0 ? "fail" : "soft"}"><b>${summary.fail}</b> fail</li>
<li class="soft"><b>${summary.notChecked}</b> not checked</li>
</ul>
${tables.join("\n")}
</main>
</body>
</html>
`;
}

function toTableRow({ id, title, source, level, verdict, sent, received, reason, fix }) {
  const advice = verdict === "fail" ? `<div class="fix">Fix: ${toEntities(fix)}</div>` : "";
  const kind = verdict === "not checked" ? "soft" : verdict;
  return `<tr role="row"><th scope="row" role="rowheader">${id}</th><td role="cell">${toEntities(title)}<small>${toEntities(source)} (${toEntities(level)})</small></td><td role="cell" class="${kind}">${verdict}</td><td role="cell" class="wide" data-name="Sent">${toEntities(sent)}</td><td role="cell" class="wide" data-name="${verdict === "not checked" ? "Reason" : "Received"}">${toEntities(received ?? reason)}${advice}</td></tr>`;
}

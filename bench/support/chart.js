/** The chart of docs/benchmarks.md: bars of microseconds on a logarithmic scale, as SVG written by hand. */

import { FRAMEWORK, OURS } from "./names.js";
import { figure } from "./print.js";

const WIDTH = 880;
const MARGIN = 16;
const COLUMN_GAP = 24;
const COLUMN_WIDTH = (WIDTH - 2 * MARGIN - COLUMN_GAP) / 2;
const LABEL_WIDTH = 158;
/** What the longest bar leaves for its figure and its ratio. */
const FIGURE_WIDTH = 96;
const SCALE_WIDTH = COLUMN_WIDTH - LABEL_WIDTH - FIGURE_WIDTH;
const BAR_STEP = 18;
const BAR_HEIGHT = 12;
const PANEL_HEAD = 26;
const PANEL_GAP = 16;
const TOP = 52;
const AXIS_HEIGHT = 24;

/**
 * Colours for both modes. The background belongs to the chart, so that it can be read on a page of
 * either mode; peers are grey, because the labels tell them apart.
 */
const STYLE = `
  .background { fill: #ffffff; }
  text { font: 12px -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", Helvetica, Arial, sans-serif; fill: #1f2328; }
  .title { font-size: 15px; font-weight: 600; }
  .head { font-size: 13px; font-weight: 600; }
  .quiet { fill: #59636e; }
  .strong { font-weight: 600; }
  .figure { paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .peer { fill: #9aa4af; }
  .framework { fill: #c4600f; }
  .ours { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    .background { fill: #0d1117; }
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .figure { stroke: #0d1117; }
    .grid { stroke: #30363d; }
    .peer { fill: #626b75; }
    .framework { fill: #db7a2b; }
    .ours { fill: #4493f8; }
  }`;

/**
 * @param {{ title: string, implementations: Implementation[] }[]} rows
 * @typedef {{ name: string, microseconds: { median: number }, ratio?: { median: number } }} Implementation `ratio` to ours
 * @returns {string} the text of the SVG
 */
export function chart(rows) {
  const medians = rows.flatMap(({ implementations }) =>
    implementations.map(({ microseconds }) => microseconds.median),
  );
  const scale = logarithmic(Math.min(...medians), Math.max(...medians));
  // Filled row by row; panels of one row start at the same height.
  const lines = [];
  let top = TOP;
  for (let first = 0; first < rows.length; first += 2) {
    const pair = rows.slice(first, first + 2);
    for (const [column, row] of pair.entries()) {
      lines.push(...panel(row, MARGIN + column * (COLUMN_WIDTH + COLUMN_GAP), top, scale));
    }
    const most = Math.max(...pair.map(({ implementations }) => implementations.length));
    top += PANEL_HEAD + most * BAR_STEP + AXIS_HEIGHT + PANEL_GAP;
  }
  const height = top - PANEL_GAP + MARGIN / 2;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description">`,
    '<title id="title">Microseconds per request</title>',
    `<desc id="description">${escaped(rows.map(described).join(" "))}</desc>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="background" width="${WIDTH}" height="${height}" rx="6"/>`,
    text(MARGIN, 28, "Microseconds per request", "title"),
    text(WIDTH - MARGIN, 28, "logarithmic scale, shorter is better; ×: times as long as ours", "quiet end"),
    ...lines,
    "</svg>",
  ].join("\n")}\n`;
}

function panel({ title, implementations }, left, top, scale) {
  const zero = left + LABEL_WIDTH;
  const firstBar = top + PANEL_HEAD;
  const bottom = firstBar + implementations.length * BAR_STEP;
  const lines = [text(left, top + 14, title, "head")];
  for (const { value, share } of scale.ticks) {
    const x = round(zero + share * SCALE_WIDTH);
    lines.push(`<line class="grid" x1="${x}" y1="${firstBar - 2}" x2="${x}" y2="${bottom}"/>`);
    lines.push(text(x, bottom + 15, value.toLocaleString("en"), "quiet middle"));
  }
  for (const [position, implementation] of implementations.entries()) {
    const { name, microseconds } = implementation;
    const y = firstBar + position * BAR_STEP;
    const width = round(Math.max(1, scale.share(microseconds.median) * SCALE_WIDTH));
    const kind = name === OURS ? "ours" : name === FRAMEWORK ? "framework" : "peer";
    const emphasis = name === OURS ? "strong" : "";
    lines.push(text(zero - 8, y + 10, name, `end ${emphasis}`.trim()));
    lines.push(`<rect class="${kind}" x="${zero}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="2"/>`);
    lines.push(text(round(zero + width + 6), y + 10, measured(implementation), `figure ${emphasis}`.trim()));
  }
  return lines;
}

/** From the power of ten below the least to the one above the greatest. */
function logarithmic(least, greatest) {
  const low = Math.floor(Math.log10(least));
  const high = Math.max(low + 1, Math.ceil(Math.log10(greatest)));
  const share = (value) => (Math.log10(value) - low) / (high - low);
  const ticks = Array.from({ length: high - low + 1 }, (_, step) => {
    const value = 10 ** (low + step);
    return { value, share: share(value) };
  });
  return { share, ticks };
}

function text(x, y, content, classes) {
  const attribute = classes ? ` class="${classes}"` : "";
  return `<text${attribute} x="${x}" y="${y}">${escaped(content)}</text>`;
}

function described({ title, implementations }) {
  const figures = implementations.map((each) => `${each.name} ${measured(each)}`);
  return `${title}: ${figures.join(", ")}.`;
}

/** `311 (127×)`, and of ours `2.45`. */
function measured({ microseconds, ratio }) {
  const time = figure(microseconds.median);
  return ratio === undefined ? time : `${time} (${figure(ratio.median)}×)`;
}

function round(number) {
  return Math.round(number * 10) / 10;
}

function escaped(content) {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

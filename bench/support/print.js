/** How figures are written, in the terminal and in docs/benchmarks.md alike. */

/** Three significant digits, but no fraction of what is 100 or more. */
export function figure(number) {
  if (number >= 100) {
    return Math.round(number).toLocaleString("en");
  }
  return number >= 10 ? number.toFixed(1) : number.toFixed(2);
}

/** A median with its spread: `8.12 (8.01–8.30)`. */
export function withSpread({ median, q1, q3 }, unit = "") {
  const low = figure(q1);
  const high = figure(q3);
  const middle = `${figure(median)}${unit}`;
  return low === high ? middle : `${middle} (${low}–${high})`;
}

/** `at least 8×` or `at most 1.25×`. */
export function demand({ atLeast, atMost }) {
  return atLeast === undefined ? `at most ${atMost}×` : `at least ${atLeast}×`;
}

export function verdict(met) {
  return met === undefined ? "not measured" : met ? "met" : "NOT MET";
}

/** Lines of text in columns; the first is flush left, the others flush right. */
export function columns(rows) {
  const widths = [];
  for (const row of rows) {
    for (const [position, cell] of row.entries()) {
      widths[position] = Math.max(widths[position] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, position) => (position === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[position])))
      .join("  ")
      .trimEnd(),
  );
}

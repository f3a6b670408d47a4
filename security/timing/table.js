/** How results are printed: one line each, as they come. */

const WIDTHS = { role: 15, name: 80, t: 9, difference: 12, resolution: 12 };

export function printHeading(title) {
  console.log(`\n${title}\n`);
  console.log(line({ role: "", name: "", t: "|t|", difference: "later, ns", resolution: "visible, ns" }));
}

/**
 * @param {{ role: string, name: string, holds: boolean, outcome: object, first?: object | null }} result
 */
export function printResult({ role, name, holds, outcome, first }) {
  const figures = {
    t: Math.abs(outcome.t).toFixed(1),
    difference: outcome.difference.toFixed(2),
    resolution: outcome.resolution.toFixed(2),
  };
  console.log(`${line({ role, name, ...figures })}${holds ? "" : "  FAILED"}`);
  if (first) {
    const [now, before] = [outcome, first].map(
      ({ t, measurements }) => `t ${t.toFixed(1)} in ${measurements.toLocaleString("en")}`,
    );
    console.log(`${"".padEnd(WIDTHS.role)}measured again: ${now} measurements after ${before}`);
  }
}

function line({ role, name, t, difference, resolution }) {
  return [
    role.padEnd(WIDTHS.role),
    name.padEnd(WIDTHS.name),
    t.padStart(WIDTHS.t),
    difference.padStart(WIDTHS.difference),
    resolution.padStart(WIDTHS.resolution),
  ].join("");
}

/**
 * Looks for copies of keys and secrets in the memory of processes with providers: `npm run memory`.
 *
 * Each case has a process of its own, and is looked at when the caller holds its secret, when the provider
 * is made, when it was used, when the caller has let go, and when the provider is collected too. Exit code 1
 * if a copy is found that is not the caller's, or if the search is blind.
 *
 * Options: `--case <part of a name>`; `--through-child`, by which each process reads its own memory, as
 * where a parent may not.
 */

import { parseArgs } from "node:util";
import { keepResult } from "../scripts/results.js";
import { allCases } from "./memory/cases.js";
import { runControls } from "./memory/controls.js";
import { examine } from "./memory/examine.js";
import { freedStrings } from "./memory/freed-strings.js";
import { faults } from "./memory/judge.js";
import { canSearchMemory, Subject } from "./memory/subject.js";

const { values: options } = parseArgs({
  options: { case: { type: "string" }, "through-child": { type: "boolean", default: false } },
});
const search = { everything: true, throughChild: options["through-child"] };

const wrong = [];
if (!canSearchMemory()) {
  wrong.push("this system does not show the memory of a process in /proc: only Linux does");
}

console.log("Must be found                                     in memory  in heap snapshot");
for (const { title, found, inSnapshot, passed } of await runControls(search)) {
  print([title, found, inSnapshot], [48, 10, 17], passed);
  if (!passed) {
    wrong.push(`not found: ${title}`);
  }
}

console.log(
  "\nCopies                                      caller's  ours, made  ours, used  snapshot  left  needed  then",
);
const cases = allCases().filter(({ name }) => name.includes(options.case ?? ""));
if (cases.length === 0) {
  wrong.push(`no case has ${options.case} in its name`);
}
let looks = 0;
for (const each of cases) {
  for (const isUsed of each.isRejected ? [false] : [true, false]) {
    const subject = await Subject.start("ours");
    const outcome = (await examine(subject, [each], { search, isUsed })).get(each.name);
    await subject.end();
    const found = faults(each, outcome);
    const { held, copied, copiedInUse, inSnapshot, left, kept, stillKept } = outcome;
    print(
      [
        `${each.name}${isUsed ? "" : ", unused"}`,
        ...[held, copied, copiedInUse, inSnapshot, left, kept, stillKept].map(({ length }) => length),
      ],
      [42, 10, 12, 12, 10, 6, 8, 6],
      found.length === 0,
    );
    wrong.push(...found);
    looks += 1;
  }
}
console.log(
  "\ncaller's: before a provider is made. ours: at places where it was not before, by the constructor and by\n" +
    "authenticate. left: when the caller has let go, strings that V8 has not overwritten yet included. needed:\n" +
    "digests and hash states while the provider lives, and then, when it is collected.",
);

if (options.case === undefined && canSearchMemory()) {
  console.log("\nStrings of the caller that are still found when they are dead");
  for await (const row of freedStrings()) {
    print(row, [76, 22, 36, 10]);
  }
}

if (wrong.length > 0) {
  console.error(`\n${wrong.join("\n")}`);
  process.exitCode = 1;
} else if (options.case === undefined) {
  keepResult("memory", `${cases.length} kinds of secret, ${looks} lives of a provider: no copy of ours`);
}

function print(cells, widths, passed) {
  const padded = cells.map((cell, index) =>
    index === 0 ? cell.padEnd(widths[0]) : String(cell).padStart(widths[index]),
  );
  console.log(padded.join("") + (passed === undefined || passed ? "" : "  WRONG"));
}

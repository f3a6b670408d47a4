/** A reporter for Node's test runner: one line of JSON per test, `[full name, outcome]`. */

/** @param {AsyncIterable<{ type: string, data: any }>} events */
export default async function* outcomes(events) {
  const around = [];
  for await (const { type, data } of events) {
    if (type === "test:start") {
      around[data.nesting] = data.name;
    } else if (type === "test:pass" || type === "test:fail") {
      const name = [...around.slice(0, data.nesting), data.name].join(" > ");
      const skipped = data.skip !== undefined || data.todo !== undefined;
      yield `${JSON.stringify([name, skipped ? "skipped" : type === "test:pass" ? "passed" : "failed"])}\n`;
    }
  }
}

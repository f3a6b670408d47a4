/** Prints how many milliseconds the import of one module takes: `node import-child.js <url>`. */

const [, , url] = process.argv;
const start = performance.now();
await import(url);
const elapsed = performance.now() - start;
console.log(elapsed);

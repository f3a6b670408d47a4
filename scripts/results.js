/** What the last run of each check found, kept for `npm run security:report`, which writes docs/evidence.md. */

import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";

const FOLDER = path.join(path.dirname(import.meta.dirname), "security", "results");

/**
 * Keeps the outcome of a run that passed. A run that failed keeps nothing, so that the page can only
 * show figures of runs that passed.
 *
 * @param {string} check its name in security/report.js
 * @param {string} figure one short phrase: the numbers that matter
 */
export function keepResult(check, figure) {
  mkdirSync(FOLDER, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(path.join(FOLDER, `${check}.json`), `${JSON.stringify({ date, figure }, undefined, 2)}\n`);
}

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { SourceError } from "../../lib/core/refresh.js";

/** The error of a source with which a promise rejects. */
export async function failureOf(promise) {
  const error = await promise.then(
    (value) => assert.fail(`it resolved with ${inspect(value)}`),
    (reason) => reason,
  );
  assert.ok(error instanceof SourceError, inspect(error));
  return error;
}

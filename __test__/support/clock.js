/** Freezes the clock of a test, in seconds since 1970. */
export function freezeClock(t, seconds) {
  // Deno leaves the frozen clock of the test before in place.
  t.mock.timers.reset();
  t.mock.timers.enable({ apis: ["Date"], now: seconds * 1000 });
}

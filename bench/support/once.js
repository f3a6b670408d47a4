/** Computes on the first call; all rows of a group share what it returns. */
export function once(compute) {
  let result;
  return () => {
    result ??= compute();
    return result;
  };
}

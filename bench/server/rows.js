// Rounds summed up: a row for each provider.

import { FRAMEWORK, NONE } from "./names.js";

/** `rounds` are what `measure` returned; `labels` are repeated in each row. */
export function summarize(labels, rounds) {
  return Object.keys(rounds[0]).map((provider) => {
    const results = rounds.map((round) => round[provider]);
    const latencies = results.flatMap((result) => result.latencies).sort((a, b) => a - b);
    const median = (name) => spread(results.map((result) => result[name])).median;
    return {
      ...labels,
      provider,
      requestsPerSecond: median("requestsPerSecond"),
      p50: quantile(latencies, 0.5),
      p99: quantile(latencies, 0.99),
      requests: latencies.length,
      ratioToNone: ratio(rounds, provider, NONE),
      ratioToFramework: ratio(rounds, provider, FRAMEWORK),
      serverCpuMicros: median("serverCpuMicros"),
      serverBusy: median("serverBusy"),
      clientBusy: median("clientBusy"),
    };
  });
}

/** Of requests per second, round by round. */
function ratio(rounds, provider, other) {
  if (provider === other || rounds[0][other] === undefined) return null;
  return spread(rounds.map((round) => round[provider].requestsPerSecond / round[other].requestsPerSecond));
}

function spread(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), min: sorted[0], max: sorted.at(-1) };
}

// Linear between neighbours.
function quantile(sorted, share) {
  const at = (sorted.length - 1) * share;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

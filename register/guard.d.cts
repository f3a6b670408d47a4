// Loaded for its effect: see guard.d.ts.
export {};

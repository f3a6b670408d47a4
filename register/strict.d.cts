// Loaded for its effect: see strict.d.ts.
export {};

// Loaded for its side effect. See register.d.ts.
export {};

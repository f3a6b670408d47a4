// Loaded for its effect: see register.d.ts.
export {};

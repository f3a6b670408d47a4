// Loaded for its effect, as `node --import mcp-native-auth/register/strict`: it exports nothing.
export {};

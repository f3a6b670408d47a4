// Loaded for its effect, as `node --import mcp-native-auth/register/guard`: it exports nothing.
export {};

// Loaded for its effect, as `node --import mcp-native-auth/register`: it exports nothing.
export {};

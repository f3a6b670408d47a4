// Imported for its side effect, as in `node --import mcp-native-auth/register`. It exports nothing.
export {};

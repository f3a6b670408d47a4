/**
 * `node --import mcp-native-auth/register/guard server.js`: the switch, and the guard of `requireAuth(provider)` in
 * front of each MCPServer. With `register/strict` as well, both hold.
 */

import { switchOn } from "../lib/hosts/mcp-framework/register/switch.js";

switchOn({ isGuarding: true });

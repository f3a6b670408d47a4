/**
 * `node --import mcp-native-auth/register/strict server.js`: the switch, which throws or ends the process wherever
 * `mcp-native-auth/register` would warn that a copy of the framework keeps its own classes.
 */

import { switchOn } from "../lib/hosts/mcp-framework/register/switch.js";

switchOn({ isStrict: true });

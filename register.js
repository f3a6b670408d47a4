/**
 * `node --import mcp-native-auth/register server.js`: our classes replace the framework's in an
 * application whose source imports them from `mcp-framework`. Throws where that cannot work; limits in
 * docs/migrating.md.
 */

import { switchOn } from "./lib/hosts/mcp-framework/register/switch.js";

switchOn();

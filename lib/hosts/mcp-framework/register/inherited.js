/** What a switched process adds to NODE_OPTIONS, for its threads and child processes. */

import { isStrictForm } from "./descendants.js";
import { switchOn } from "./switch.js";

switchOn({ isStrict: isStrictForm(import.meta.url), isInherited: true });

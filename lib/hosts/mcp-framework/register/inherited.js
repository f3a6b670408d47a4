/** What a switched process adds to NODE_OPTIONS, for its threads and child processes. */

import { formOf } from "./descendants.js";
import { switchOn } from "./switch.js";

switchOn({ ...formOf(import.meta.url), isInherited: true });

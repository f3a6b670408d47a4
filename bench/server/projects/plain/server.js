// A server as this project has it: the framework and what came with it are found from here.
import * as framework from "mcp-framework";
import { serve } from "../../serve.js";

await serve(framework);

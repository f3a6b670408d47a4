// For `--require`: the same module, under a name that tools know to be CommonJS.
require("./guard.js");

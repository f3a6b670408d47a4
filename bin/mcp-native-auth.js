#!/usr/bin/env node
import { runCommandLine } from "../lib/cli/main.js";

/** Whoever reads the output may stop, as `head` does; what is left of it is not missed. */
process.stdout.on("error", ({ code }) => {
  if (code !== "EPIPE") {
    process.stderr.write(`mcp-native-auth: the output cannot be written (${code})\n`);
    process.exit(2);
  }
});
process.stderr.on("error", () => {});

process.exitCode = await runCommandLine(process.argv.slice(2), process);

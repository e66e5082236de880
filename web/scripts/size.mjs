// Fails the build when the script that the first page needs grows beyond its budget.
import { readFileSync, statSync } from "node:fs";

const budget = 200_000; // bytes as the server sends them: the entry and the Overview page, without what loads lazily
const manifest = JSON.parse(readFileSync("dist/manifest.json", "utf8"));

const files = new Set();
function take(name) {
  const chunk = manifest[name];
  if (!chunk || files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const imported of chunk.imports ?? []) take(imported);
}

const first = ["index.html", "src/pages/overview/OverviewPage.tsx"];
for (const name of first) {
  if (!manifest[name]) {
    console.error(`size: ${name} is not in dist/manifest.json; scripts/size.mjs names the first page's entries`);
    process.exit(1);
  }
  take(name);
}

let total = 0;
for (const file of [...files].sort()) {
  const size = (statSync(`dist/${file}.gz`, { throwIfNoEntry: false }) ?? statSync(`dist/${file}`)).size;
  total += size;
  console.log(`${String(size).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  of ${budget} bytes of gzipped script for the first page`);
if (total > budget) {
  console.error("size: the first page is over its budget; load what it does not show at once lazily");
  process.exit(1);
}

// Leaves beside each text of the portal its compressed form, which the server sends to whoever reads gzip.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

for (const name of readdirSync("dist", { recursive: true })) {
  if (!/\.(js|css|html|svg)$/.test(name)) continue;
  const text = readFileSync(`dist/${name}`);
  const packed = gzipSync(text, { level: 9 });
  if (packed.length < text.length) writeFileSync(`dist/${name}.gz`, packed);
}

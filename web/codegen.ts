import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { CodegenConfig } from "@graphql-codegen/cli";
import { parse, print, visit } from "graphql";

const folder = join(import.meta.dirname, "../graph/schema");

/** The server's schema without its descriptions: better words there change nothing here. */
function schema(): string {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".graphqls"))
    .sort();
  const document = parse(files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n"));
  return print(visit(document, { enter: (node) => ("description" in node ? { ...node, description: undefined } : undefined) }));
}

/** Typed operations from the .graphql files that lie beside the components. */
const config: CodegenConfig = {
  schema: schema(),
  documents: ["src/**/*.graphql"],
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        useTypeImports: true,
        skipTypename: true,
        strictScalars: true,
        scalars: {
          DateTime: "string",
          Duration: "string",
          Credits: "string",
          Sum: "string",
          Quantity: "number",
          Count: "number",
          JSON: "unknown",
        },
      },
    },
  },
};

export default config;

import type { CodegenConfig } from "@graphql-codegen/cli";

/**
 * Typed operations from the .graphql files that lie beside the components.
 * The schema is the server's own; SPILLWAY_SCHEMA names another one, such as the bare contract.
 */
const config: CodegenConfig = {
  schema: process.env.SPILLWAY_SCHEMA ?? "../graph/**/*.graphqls",
  documents: ["src/**/*.graphql"],
  generates: {
    "src/gql/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        enumsAsTypes: true,
        disableDescriptions: true,
        useTypeImports: true,
        skipTypename: true,
        strictScalars: true,
        scalars: {
          DateTime: "string",
          Duration: "string",
          Credits: "string",
          Quantity: "number",
          Count: "number",
          JSON: "unknown",
        },
      },
    },
  },
};

export default config;

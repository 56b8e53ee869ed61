import { join } from "node:path";
import { build } from "../../bin/esbuild.mjs";

const client = `
import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from "@aws-sdk/client-dynamodb";
export const client = new DynamoDBClient({});
export { GetItemCommand, UpdateItemCommand };
`;

const powertools = `
import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
export const powertools = [new Logger(), new Metrics(), new Tracer()];
`;

/** Ways to credentials that the SDK tries, one after the other, when there are none in the environment. */
const otherCredentials = [
  "@aws-sdk/credential-provider-http",
  "@aws-sdk/credential-provider-ini",
  "@aws-sdk/credential-provider-login",
  "@aws-sdk/credential-provider-process",
  "@aws-sdk/credential-provider-sso",
  "@aws-sdk/credential-provider-web-identity",
  "@smithy/credential-provider-imds",
];

/** What a function is compared with, bundled by esbuild as it comes, from packages' ES modules as functions are. */
export async function makeBaselines(projectRoot, folder) {
  const baselines = [
    { name: "(a) DynamoDB client", source: client, external: [] },
    { name: "(b) (a), credentials of the environment alone", source: client, external: otherCredentials },
    { name: "(c) (a) and Powertools", source: client + powertools, external: [] },
  ];
  return await Promise.all(
    baselines.map(async ({ name, source, external }, index) => {
      const file = join(folder, `baseline-${index}.mjs`);
      await bundleBaseline(projectRoot, file, source, external);
      return { name, file };
    }),
  );
}

/**
 * The SDK's part of a function, and nothing else: the clients that it makes and the commands that it sends.
 * @returns {Promise<string>} file
 */
export async function makeClientBaseline(projectRoot, folder, name) {
  const file = join(folder, `clients-of-${name.replace("/", "-")}.mjs`);
  const imports = await sdkImports(projectRoot, name);
  const names = imports.flatMap((one) => one.names);
  const source = [
    ...imports.map(({ from, names: taken }) => `import { ${taken.join(", ")} } from "${from}";`),
    `export const clients = [${names.filter((one) => one.endsWith("Client")).map((one) => `new ${one}({})`)}];`,
    `export { ${names.join(", ")} };`,
  ];
  await bundleBaseline(projectRoot, file, source.join("\n"), []);
  return file;
}

/** What of the SDK is left of a function's imports, when what it doesn't use is gone. */
async function sdkImports(projectRoot, name) {
  const { outputFiles } = await build({
    absWorkingDir: projectRoot,
    entryPoints: [`functions/${name}/handler.ts`],
    outdir: "out",
    bundle: true,
    write: false,
    platform: "node",
    target: "node24",
    format: "esm",
    packages: "external",
    treeShaking: true,
  });
  const imports = outputFiles[0].text.matchAll(/import\s*\{([^}]*)\}\s*from\s*"(@aws-sdk\/[^"]+)"/g);
  const byPackage = new Map();
  for (const [, names, from] of imports) {
    const taken = names.split(",").map((one) => one.trim().replace(/ as .*/, ""));
    byPackage.set(from, new Set([...(byPackage.get(from) ?? []), ...taken.filter((one) => one !== "")]));
  }
  return [...byPackage].map(([from, taken]) => ({ from, names: [...taken] }));
}

function bundleBaseline(projectRoot, file, source, external) {
  return build({
    absWorkingDir: projectRoot,
    stdin: { contents: source, resolveDir: projectRoot },
    outfile: file,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    minify: true,
    legalComments: "none",
    external,
    banner: {
      js: 'import{createRequire as createNodeRequire}from"node:module";const require=createNodeRequire(import.meta.url);',
    },
  });
}

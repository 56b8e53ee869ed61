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
      await build({
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
      return { name, file };
    }),
  );
}

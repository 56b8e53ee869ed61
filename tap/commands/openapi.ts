import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Command } from "commander";
import { definitions } from "../../routes/definitions";
import { CommandError, type Context } from "../context";
import { writeWhole } from "../files";
import { openApiDocument } from "../openapi/document";

interface OpenApiOptions {
  check?: boolean;
}

export function addOpenApi(program: Command, context: Context): void {
  program
    .command("openapi")
    .summary("write the OpenAPI documents of the APIs")
    .description(
      "Writes docs/openapi/{api,files,jobs,stream}.json: OpenAPI 3.1, from the tables in routes/ that the gateways and functions come from.",
    )
    .option("--check", "write nothing; exit 1 when a file is missing or not what the tables say")
    .addHelpText(
      "after",
      `
Examples:
  tap openapi
  tap openapi --check`,
    )
    .action((options: OpenApiOptions) => openapi(context, options));
}

function openapi(context: Context, { check }: OpenApiOptions): void {
  const documents = definitions.map((definition) => ({
    path: join(context.projectRoot, "docs", "openapi", `${definition.component}.json`),
    text: `${JSON.stringify(openApiDocument(definition), null, 2)}\n`,
  }));
  const stale = documents.filter(({ path, text }) => !existsSync(path) || readFileSync(path, "utf8") !== text);
  const names = stale.map(({ path }) => relative(context.projectRoot, path)).join(", ");
  if (check && stale.length > 0)
    throw new CommandError(`Not what the tables of routes say: ${names}. Run tap openapi. Nothing was written.`);
  for (const { path, text } of stale) writeWhole(path, text);
  context.print(
    stale.length === 0 ? `All ${documents.length} documents are what the tables say.` : `Written: ${names}.`,
  );
}

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CommandError, type Context } from "../context";
import { terraformOrRefuse } from "../terraform";
import { type ArchiveSource, type Pack, pathArguments } from "./archives";
import { lockFileFor } from "./lock-file";
import { hashOf, type ReleaseArchive } from "./manifest";
import { listStackFiles } from "./stack-files";

interface Packed {
  readonly sha256: string;
  readonly base64Sha256: string;
}

/**
 * Makes zips with what makes them at plan: Terraform and its archive provider, in a folder of their own. Functions that
 * are the same in several stacks are packed once.
 * @param lockFile text of the release's lock file, which the provider then comes by
 */
export function packByTerraform(context: Context, lockFile?: string): Pack {
  return async (sources) => {
    const first = new Map<string, ArchiveSource>();
    const keys = sources.map((source) => {
      const key = contentKey(source);
      if (!first.has(key)) first.set(key, source);
      return key;
    });
    const unique = [...first];
    const packed = await packAll(
      context,
      unique.map(([, source]) => source),
      lockFile,
    );
    return sources.map(({ stackId, address, path, functionName }, index): ReleaseArchive => {
      const position = unique.findIndex(([key]) => key === keys[index]);
      return { stackId, address, path, functionName, ...(packed[position] as Packed) };
    });
  };
}

async function packAll(
  context: Context,
  sources: readonly ArchiveSource[],
  lockFile: string | undefined,
): Promise<Packed[]> {
  if (sources.length === 0) return [];
  const folder = mkdtempSync(join(tmpdir(), "tap-pack-"));
  try {
    const configuration = configurationOf(sources);
    writeFileSync(join(folder, "main.tf.json"), JSON.stringify(configuration));
    for (const [index, source] of sources.entries())
      for (const path of pathsOf(source))
        cpSync(join(source.stackFolder, path), join(folder, String(index), path), { recursive: true });
    if (lockFile !== undefined)
      writeFileSync(join(folder, ".terraform.lock.hcl"), lockFileFor(lockFile, configuration));
    const readonly = lockFile === undefined ? [] : ["-lockfile=readonly"];
    await refusing(() => terraformOrRefuse(context, folder, ["init", "-no-color", ...readonly]));
    await terraformOrRefuse(context, folder, ["plan", "-no-color", "-out=plan"]);
    const plan = JSON.parse(await terraformOrRefuse(context, folder, ["show", "-json", "plan"])) as PlanOutputs;
    return sources.map((_, index) => packedOf(folder, index, plan));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface PlanOutputs {
  readonly planned_values: { readonly outputs: Record<string, { readonly value: Packed }> };
}

function configurationOf(sources: readonly ArchiveSource[]) {
  const [{ providerVersion: version }] = sources as [ArchiveSource];
  const own = (source: ArchiveSource, index: number) => ({
    ...source.arguments,
    ...Object.fromEntries(
      pathArguments
        .filter((name) => name in source.arguments)
        .map((name) => [name, `${index}/${source.arguments[name] as string}`]),
    ),
    output_path: `${index}.zip`,
  });
  return {
    terraform: {
      required_providers: { archive: { source: "hashicorp/archive", ...(version === "any" ? {} : { version }) } },
    },
    data: { archive_file: Object.fromEntries(sources.map((source, index) => [`a${index}`, own(source, index)])) },
    output: Object.fromEntries(
      sources.map((_, index) => [
        `a${index}`,
        {
          value: {
            sha256: `\${data.archive_file.a${index}.output_sha256}`,
            base64Sha256: `\${data.archive_file.a${index}.output_base64sha256}`,
          },
        },
      ]),
    ),
  };
}

/** What the provider says must be what lies there: the release promises Lambda these bytes. */
function packedOf(folder: string, index: number, plan: PlanOutputs): Packed {
  const { sha256, base64Sha256 } = plan.planned_values.outputs[`a${index}`]?.value ?? { sha256: "", base64Sha256: "" };
  const actual = hashOf(readFileSync(join(folder, `${index}.zip`)));
  if (actual !== sha256 || Buffer.from(actual, "hex").toString("base64") !== base64Sha256)
    throw new CommandError(
      `Terraform's archive provider says the SHA-256 ${sha256} of a zip whose SHA-256 is ${actual}: no release can be made with it`,
    );
  return { sha256, base64Sha256 };
}

function pathsOf({ arguments: given }: ArchiveSource): string[] {
  return pathArguments.flatMap((name) => (name in given ? [given[name] as string] : []));
}

/** The same for what makes the same zip. */
function contentKey({ stackFolder, arguments: given, providerVersion }: ArchiveSource): string {
  const { source_dir: folder, source_file: file, ...rest } = given;
  const contents = [
    ...(typeof folder === "string"
      ? listStackFiles(join(stackFolder, folder)).map((path) => [path, join(stackFolder, folder, path)] as const)
      : []),
    ...(typeof file === "string" ? [[file.split("/").at(-1), join(stackFolder, file)] as const] : []),
  ].map(([path, source]) => [path, hashOf(readFileSync(source))]);
  return JSON.stringify([providerVersion, rest, contents]);
}

async function refusing(run: () => Promise<unknown>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(
      `${error.message}\nA release names the hash of every function's zip, which Terraform's archive provider makes: without it there is none. Where no registry can be reached, TF_CLI_CONFIG_FILE names a mirror. Nothing was written.`,
    );
  }
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../context";
import type { Attributes, TerraformJson } from "../graph/terraform-json";
import { hashOf, type Manifest, type ReleaseArchive } from "./manifest";
import { pathProblems } from "./paths";
import { providersOf } from "./tools";

/** An archive that a stack's plan makes, before it is made. */
export interface ArchiveSource extends Pick<ReleaseArchive, "stackId" | "address" | "path" | "functionName"> {
  /** Folder that its paths are relative to. */
  readonly stackFolder: string;
  /** Arguments of the data source, without where it writes. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** The archive provider's version. */
  readonly providerVersion: string;
}

/** Makes archives, and says their hashes. */
export type Pack = (sources: readonly ArchiveSource[]) => Promise<ReleaseArchive[]>;

/** Arguments that name what goes in, by paths. */
export const pathArguments = ["source_dir", "source_file"] as const;

const archiveProvider = "registry.terraform.io/hashicorp/archive";

/** All archives of a stack, by address. */
export function archiveSourcesOf(stackId: string, stackFolder: string, json: TerraformJson): ArchiveSource[] {
  const archives = Object.entries(json.data?.archive_file ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const providerVersion = providersOf(json).find(([source]) => source === archiveProvider)?.[1] ?? "any";
  return archives.flatMap(([name, attributes]) => {
    const { "//": _, depends_on: __, output_path: path, ...rest } = attributes;
    refuseUnknown(`${stackId}, data.archive_file.${name}`, path, rest);
    return functionsOf(json, name).map((functionName) => ({
      stackId,
      address: `data.archive_file.${name}`,
      path: path as string,
      functionName,
      stackFolder,
      arguments: rest,
      providerVersion,
    }));
  });
}

/** What only a plan would know, and paths that lead out of the stack's folder. */
function refuseUnknown(label: string, path: unknown, rest: Attributes): void {
  const paths = [path, ...pathArguments.flatMap((name) => rest[name] ?? [])];
  const problems = [
    ...paths.filter((each) => typeof each !== "string").map(() => "has a path that is no text"),
    ...pathProblems(paths.filter((each) => typeof each === "string")).map((problem) => `has ${problem}`),
    ...(/\$\{|%\{/.test(JSON.stringify([path, rest]))
      ? ["has an expression: what goes in would be known at plan alone, and its hash stand in no release"]
      : []),
  ];
  if (problems.length > 0) throw new CommandError(problems.map((problem) => `${label} ${problem}`).join("\n"));
}

function functionsOf(json: TerraformJson, archive: string): string[] {
  const names = Object.values(json.resource?.aws_lambda_function ?? {})
    .filter(({ filename }) => String(filename).includes(`data.archive_file.${archive}.`))
    .map(({ function_name: name }) => String(name));
  return names.length === 0 ? [""] : names.sort();
}

/**
 * What is wrong with the zips that lie in an opened release after a plan: each must be there, with the manifest's
 * hash, and none else. Asked before an apply, which uploads them.
 * @param folder of the opened release
 */
export function archiveProblems(folder: string, manifest: Manifest, stackIds: readonly string[]): string[] {
  return stackIds.flatMap((stackId) => {
    const stackFolder = join(folder, "stacks", stackId);
    const wanted = manifest.archives.filter((archive) => archive.stackId === stackId);
    return [
      ...wanted.flatMap((archive) => archiveProblem(stackFolder, archive)),
      ...zipsIn(stackFolder)
        .filter((path) => !wanted.some((archive) => archive.path === path))
        .map((path) => `${stackId}: ${path} is no archive of the release; open it anew, and plan again`),
    ];
  });
}

function archiveProblem(stackFolder: string, { stackId, path, sha256, functionName }: ReleaseArchive): string[] {
  const whose = `${stackId}: ${path} (${functionName || "of no function"})`;
  const file = join(stackFolder, ...path.split("/"));
  if (!existsSync(file)) return [`${whose} isn't there: the plan of this folder makes it`];
  const hash = hashOf(readFileSync(file));
  if (hash === sha256) return [];
  return [
    `${whose} has the SHA-256 ${hash}, where the release has ${sha256}: what was planned isn't what was released. Open the release anew, and plan with the archive provider of its lock file`,
  ];
}

function zipsIn(stackFolder: string): string[] {
  const folder = join(stackFolder, "archives");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).map(({ name }) => `archives/${name}`);
}

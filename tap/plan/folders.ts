import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { didYouMean } from "../../config/errors";
import { CommandError } from "../context";
import { isCdktfFolder, readCdktfFolder } from "../graph/read-cdktf";
import { isTerraformFolder } from "../graph/read-terraform";

/** A writable copy of a synthesized stack: cdk.tf.json and its assets. */
export interface StackFolder {
  readonly stackId: string;
  readonly folder: string;
}

/**
 * Stacks at a path: what cdktf wrote, or a folder of stacks' folders, as a release has them.
 * @throws CommandError where there are none
 */
export function stackFolders(path: string): StackFolder[] {
  const folder = resolve(path);
  const found = isCdktfFolder(folder) ? ofManifest(folder) : ofFolders(folder);
  if (found.length === 0)
    throw new CommandError(
      `There is no stack in ${folder}. Wanted: a folder that tap synth wrote, or one with a folder for each stack.`,
    );
  return found.sort((a, b) => (a.stackId < b.stackId ? -1 : 1));
}

function ofManifest(folder: string): StackFolder[] {
  return readCdktfFolder(folder).map(({ id, file }) => ({ stackId: id, folder: join(folder, dirname(file)) }));
}

function ofFolders(folder: string): StackFolder[] {
  const stacks = join(folder, "stacks");
  const home = existsSync(stacks) ? stacks : folder;
  if (!existsSync(home)) throw new CommandError(`${home} is not there: tap synth writes what is planned`);
  return readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isTerraformFolder(join(home, entry.name)))
    .map(({ name }) => ({ stackId: name, folder: join(home, name) }));
}

/** Those of the ids. @throws CommandError with all that aren't there */
export function pickStacks(stacks: readonly StackFolder[], ids: readonly string[], where: string): StackFolder[] {
  const known = stacks.map(({ stackId }) => stackId);
  const missing = ids.filter((id) => !known.includes(id));
  if (missing.length > 0)
    throw new CommandError(
      missing.map((id) => `${id} is not in ${where}${didYouMean(id, known)}: it wasn't synthesized there.`).join("\n"),
    );
  return stacks.filter(({ stackId }) => ids.includes(stackId));
}

/** What Terraform keeps in a folder between runs, and a state that somebody has there. */
const isKept = (name: string) => /^(\.terraform(\.lock\.hcl)?|.*\.tfstate(\..*)?)$/.test(name);

/**
 * Copies each stack to a folder of its own under `into`: archives come to be there at plan, and are read at apply.
 * What an earlier run left is replaced, but for what makes `init` fast.
 */
export function workingCopies(stacks: readonly StackFolder[], into: string): StackFolder[] {
  return stacks.map(({ stackId, folder }) => {
    const copy = join(into, stackId);
    mkdirSync(copy, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(copy).filter((name) => !isKept(name)))
      rmSync(join(copy, name), { recursive: true, force: true });
    cpSync(folder, copy, {
      recursive: true,
      filter: (source) => !/^(\.terraform|archives|.*\.tfstate(\..*)?)$/.test(basename(source)) || source === folder,
    });
    return { stackId, folder: copy };
  });
}

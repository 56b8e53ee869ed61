import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { CommandError } from "../context";
import { buildGraph } from "./build";
import type { JsonSource, StackSource } from "./configuration";
import type { Graph } from "./model";
import type { PlanJson } from "./plan-json";
import { isCdktfFolder, readAll, readCdktfFolder, readJson } from "./read-cdktf";
import { withModules } from "./read-modules";
import { isTerraformFolder, readTerraformFolder } from "./read-terraform";
import { parseStackId } from "./stack-id";
import { isObject, type TerraformJson } from "./terraform-json";

const wanted = `Wanted: a folder that cdktf wrote (with manifest.json), a folder with *.tf.json, a folder of such folders, or a file of terraform show -json <plan>.`;

/** The graph of what lies at a path: see `readStackSources`. */
export function readGraph(path: string): Graph {
  return buildGraph(readStackSources(path));
}

/**
 * Stacks at a path: what cdktf wrote, any configuration in JSON, a folder of such folders, or a plan. Stacks of this
 * project are told apart by their ids.
 *
 * @throws CommandError where it is nothing of the kind
 */
export function readStackSources(path: string): StackSource[] {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new CommandError(`${path} is not there. ${wanted}`);
  if (!stats.isDirectory()) return [readPlan(path)];
  if (isCdktfFolder(path))
    return readCdktfFolder(path).map(({ json, ...stack }) => ({
      ...stack,
      ...parseStackId(stack.id),
      ...partsOf(join(path, dirname(stack.file)), json),
    }));
  if (isTerraformFolder(path)) return [terraformStack(path)];
  const folders = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name))
    .filter(isTerraformFolder);
  if (folders.length === 0) throw new CommandError(`There is no configuration in ${path}. ${wanted}`);
  return readAll(folders.sort(), terraformStack);
}

function terraformStack(folder: string): StackSource {
  const id = basename(resolve(folder));
  return { id, ...parseStackId(id), ...partsOf(folder, readTerraformFolder(folder)) };
}

/** A configuration, with what is said of its modules only where it calls some. */
function partsOf(folder: string, json: TerraformJson): Pick<JsonSource, "json" | "modules" | "unread"> {
  const { modules, unread, ...rest } = withModules(folder, json, readTerraformFolder);
  return {
    ...rest,
    ...(modules.length === 0 ? {} : { modules }),
    ...(unread.length === 0 ? {} : { unread }),
  };
}

/** Terraform promises to keep what it has under version 1 of the format. */
const knownFormat = /^1\./;

function readPlan(path: string): StackSource {
  const plan = readJson(path);
  if (!isObject(plan) || typeof plan.format_version !== "string")
    throw new CommandError(`${path} has no format_version: it is no output of terraform show -json. ${wanted}`);
  if (!knownFormat.test(plan.format_version))
    throw new CommandError(`${path} has the format_version ${plan.format_version}; versions 1.x are read here`);
  for (const part of ["planned_values", "configuration"])
    if (!isObject(plan[part]))
      throw new CommandError(`${path} has no ${part}: it is a state, or no complete plan. ${wanted}`);
  const id = basename(path).replace(/\.json$/, "");
  return { id, plan: plan as unknown as PlanJson, file: basename(path), ...parseStackId(id) };
}

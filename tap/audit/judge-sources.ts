import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkBackend, stackIdOf } from "../../config/backend";
import type { Environment } from "../../config/environment";
import { ConfigError } from "../../config/errors";
import { loadEnvironments } from "../../config/load";
import { planStacks } from "../../config/plan-stacks";
import type { Context } from "../context";
import { todaysDay } from "../day";
import type { StackSource } from "../graph/configuration";
import { parseStackId } from "../graph/stack-id";
import { idOf } from "../selection";
import {
  type Acknowledgement,
  type AuditFile,
  acknowledgementRules,
  noAuditFile,
  readAuditFile,
} from "./acknowledgements";
import { audit, type Judge, type OwnProject, requirementRules } from "./audit";
import { type BundledCode, callsInBundles, judgeLeastPrivilege, leastPrivilegeRule } from "./privilege/least-privilege";
import type { AuditResult } from "./result";
import type { StackJson } from "./stack-json";

/** Rules that have no examples: they are about this project, or about acknowledgements. */
export const otherRules = [leastPrivilegeRule, ...acknowledgementRules, ...requirementRules];

/** Settings and acknowledgements, beside what is audited. */
export const auditFileName = "audit.json";

/** Settings and acknowledgements: of the file that was given, or of the project's. */
export function auditFile(context: Context, given?: string): AuditFile {
  if (given !== undefined) return readAuditFile(resolve(context.cwd, given));
  const own = join(context.projectRoot, auditFileName);
  return existsSync(own) ? readAuditFile(own) : noAuditFile;
}

export interface JudgeOptions {
  readonly file: AuditFile;
  /** Whether the file was named, and not taken because it is the project's own. */
  readonly isFileNamed: boolean;
}

/** Judges stacks by every rule that can be asked of them. */
export async function judgeSources(
  context: Context,
  { file, isFileNamed }: JudgeOptions,
  sources: readonly StackSource[],
): Promise<AuditResult> {
  const { own, notes } = ownProject(context, sources);
  // The project's own file says nothing about stacks of others.
  const isAbout = isFileNamed || sources.some(({ id }) => parseStackId(id) !== undefined);
  return audit({
    sources,
    ...(own === undefined ? {} : { own }),
    settings: file.settings,
    acknowledgements: isAbout
      ? [...file.acknowledgements, ...ofShortLived(file.acknowledgements, own?.environments ?? [])]
      : [],
    otherRules: otherRules.map(({ id }) => id),
    more: own === undefined ? [] : [leastPrivilege(await context.bundleFunctions())],
    today: todaysDay(),
    notes,
  });
}

/** What the code of this project's functions calls, against what their roles allow. */
function leastPrivilege(bundles: Readonly<Record<string, BundledCode>>): Judge {
  return {
    rule: leastPrivilegeRule,
    judge: (graph) => {
      const callsOf = callsInBundles(graph, bundles);
      const unknown = graph.ofType("aws_lambda_function").filter((lambda) => callsOf(lambda) === undefined);
      return [
        ...judgeLeastPrivilege(graph, callsOf),
        ...unknown.map(({ stack, address }) => ({
          stack: stack.id,
          address,
          message:
            "has code that isn't this project's, or no longer: what it calls is unknown (tap synth writes it anew)",
        })),
      ];
    },
  };
}

/** What the configuration says of these stacks, where all are this project's, and whole environments of it. */
function ownProject(context: Context, sources: readonly StackSource[]): { own?: OwnProject; notes: string[] } {
  const stacks = sources.flatMap((source) => {
    const parts = parseStackId(source.id);
    return parts === undefined || !("json" in source) ? [] : [{ ...source, ...parts } as StackJson];
  });
  if (stacks.length < sources.length || stacks.length === 0) return { notes: [] };
  try {
    const environmentSuffix = [...new Set(stacks.map((stack) => stack.environmentSuffix))];
    const environments = loadEnvironments({ environmentSuffix, variables: context.variables });
    const ids = new Set(stacks.map(({ id }) => id));
    const missing = planStacks(environments)
      .map(idOf)
      .filter((id) => !ids.has(id));
    if (missing.length > 0)
      return {
        notes: [
          `Requirements of this project were not judged: of its environments, ${missing.length} stacks aren't here (${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ", …" : ""}).`,
        ],
      };
    return { own: { stacks, environments, backend: checkBackend(context.backend) }, notes: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { notes: [`Requirements of this project were not judged: ${error.problems[0]?.message ?? error.message}`] };
  }
}

/** A short-lived environment has the settings of another one, and what is acknowledged there. */
function ofShortLived(
  acknowledgements: readonly Acknowledgement[],
  environments: readonly Environment[],
): Acknowledgement[] {
  return environments
    .filter(({ name, environmentSuffix }) => name !== environmentSuffix)
    .flatMap(({ name, environmentSuffix }) =>
      acknowledgements.flatMap((acknowledgement) => {
        const parts = parseStackId(acknowledgement.stack);
        return parts?.environmentSuffix === name
          ? [{ ...acknowledgement, stack: stackIdOf(parts.component, environmentSuffix, parts.region) }]
          : [];
      }),
    );
}

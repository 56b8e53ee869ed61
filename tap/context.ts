import { resolve } from "node:path";
import { type BackendSettings, checkBackend, type ParsedBackend } from "../config/backend";
import type { Environment } from "../config/environment";
import { ConfigError, type ConfigProblem } from "../config/errors";
import { loadEnvironments } from "../config/load";
import type { Selection } from "../config/selection";
import type { FunctionBundles } from "../main";
import type { BundledCode } from "./audit/privilege/least-privilege";

/** What a command runs in; everything from outside comes through here, so that tests need patch nothing. */
export interface Context {
  /** Folder of the project, wherever the command was called from (API-15). */
  readonly projectRoot: string;
  /** The bundle that runs; child processes start on it. */
  readonly bundlePath: string;
  /** `backend.hcl` as bin/tap.mjs parsed it. */
  readonly backend: ParsedBackend;
  /** Code of all functions, bundled; from the cache where nothing has changed. Rejects with what is wrong with it, by file and line. */
  bundleFunctions(): Promise<FunctionBundles & Readonly<Record<string, BundledCode>>>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Folder that the command was called from. */
  readonly cwd: string;
  /** Results, for people and programs. */
  print(text: string): void;
  /** Progress and remarks, on standard error, out of the way of results. */
  remark(text: string): void;
  /** Whether progress may be redrawn in place. */
  readonly interactive: boolean;
}

/** A refusal that the user can do something about: printed as it is, without a stack trace; exit code 1. */
export class CommandError extends Error {
  override readonly name = "CommandError";
}

/** A call that can't be as it is: exit code 2, as of an option that isn't known, with a word on where help is. */
export class UsageError extends CommandError {}

/** Environments and backend, with everything that is wrong with either in one error. */
export function loadConfiguration(
  context: Context,
  selection: Selection,
): { environments: Environment[]; backend: BackendSettings } {
  const problems: ConfigProblem[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const environments = attempt(() => loadEnvironments({ ...selection, variables: context.variables }));
  const backend = attempt(() => checkBackend(context.backend));
  if (environments === undefined || backend === undefined) throw new ConfigError(problems);
  return { environments, backend };
}

/** Where synthesis writes: `--outdir`, CDKTF_OUTDIR (which the cdktf command sets), else cdktf.out of the project. */
export function outputFolder(context: Context, option: string | undefined): string {
  const given = option ?? context.variables.CDKTF_OUTDIR;
  return given ? resolve(context.cwd, given) : resolve(context.projectRoot, "cdktf.out");
}

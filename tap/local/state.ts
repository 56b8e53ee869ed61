import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../files";
import type { Made } from "./resources/resource-type";

/** The emulator that an environment runs on. */
export interface RunningEmulator {
  /** Where calls go: http://127.0.0.1:4566 */
  readonly endpoint: string;
  /** Processes that were started for it; none for another emulator (`--endpoint`). */
  readonly processes: readonly LocalProcess[];
  /** ISO 8601. */
  readonly since: string;
}

export interface LocalProcess {
  readonly name: "emulator" | "front";
  /** Also the id of its group: all that it starts is in it. */
  readonly pid: number;
  /** What its command line holds, to tell it from another process that has got its id. */
  readonly mark: string;
}

/** A resource that was made, or for which there are stand-ins. */
export interface MadeResource extends Made {
  readonly type: string;
  readonly stack: string;
  readonly accountId: string;
  readonly region: string;
  /** Of the arguments that it was made with, and of what else decides about it. */
  readonly hash: string;
  /** To be removed and made again: its creation failed midway, or what it takes attributes of was made anew. */
  readonly isStale?: true;
  /** What was there before it, so that it is removed before that. */
  readonly dependencies: readonly string[];
}

/** What is known of an environment that runs here. */
export interface LocalState {
  readonly version: 1;
  readonly environment: string;
  readonly accountId: string;
  readonly primaryRegion: string;
  /** Folder of the synthesized stacks. */
  readonly outdir: string;
  /** Of all that the stacks were synthesized from; undefined for a folder that was given. */
  readonly source?: string;
  /** Process that makes or changes resources at this moment. Where it is no more, what is there is unknown. */
  readonly changing?: number;
  readonly emulator: RunningEmulator;
  /** By id. */
  readonly resources: Readonly<Record<string, MadeResource>>;
}

/** Where all of an environment is kept: removed by `tap local down`. */
export function localFolder(projectRoot: string, environment: string): string {
  return join(projectRoot, ".cache", "local", environment);
}

const stateFile = (folder: string) => join(folder, "state.json");

/** What was written last; undefined where nothing was, or by another version of this code. */
export function readState(folder: string): LocalState | undefined {
  const file = stateFile(folder);
  if (!existsSync(file)) return undefined;
  const state = JSON.parse(readFileSync(file, "utf8")) as LocalState;
  return state.version === 1 ? state : undefined;
}

export function writeState(folder: string, state: LocalState): void {
  writeWhole(stateFile(folder), JSON.stringify(state));
}

export function removeState(folder: string): void {
  rmSync(stateFile(folder), { force: true });
}

import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { projectRoot, temporaryFolder } from "../../support/project";
import type { ProcessorName } from "./processor-process";

/** A file that scripts/make-sample-files.mjs makes, and what is to become of it. */
export interface Sample {
  readonly processor: ProcessorName;
  readonly name: string;
  readonly file: string;
  readonly extension: string;
  readonly status: "processed" | "failed";
  readonly reason?: string;
  readonly result?: Record<string, unknown>;
}

export interface Samples {
  readonly all: readonly Sample[];
  read(sample: Sample): Buffer;
  remove(): void;
}

/** @param names of samples; all where there are none */
export function makeSamples(names: readonly string[] = []): Samples {
  const folder = temporaryFolder();
  execFileSync(process.execPath, [join(projectRoot, "scripts", "make-sample-files.mjs"), folder, ...names]);
  return {
    all: JSON.parse(readFileSync(join(folder, "samples.json"), "utf8")),
    read: ({ file }) => readFileSync(join(folder, file)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

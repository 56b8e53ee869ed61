import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { CommandError } from "../context";
import type { GraphNode } from "../graph/model";
import { zip } from "./zip";

/** The zip of a function's code. */
export interface Archive {
  readonly path: string;
  readonly base64Sha256: string;
}

/** Binaries of packages, of the platform that Lambda runs on. */
const lambdaBinaries = /^node_modules\/(@img\/sharp-(?:libvips-)?linux)-arm64(?=\/)/;

/** Makes the zips of functions, once per content, with this machine's binaries in place of Lambda's. */
export class Archives {
  readonly #made = new Map<string, Archive>();
  /** What was put in place of what. */
  readonly replaced = new Set<string>();

  constructor(
    private readonly projectRoot: string,
    /** Where zips are kept. */
    private readonly folder: string,
    private readonly platform = `${process.platform}-${process.arch}`,
  ) {}

  /** @param stackFolder what `source_dir` is relative to */
  of({ id, attributes }: GraphNode, stackFolder: string): Archive {
    const source = attributes.source_dir;
    if (typeof source !== "string" || attributes.type !== "zip")
      throw new CommandError(`${id} is no zip of a folder: nothing else is made here`);
    const path = join(stackFolder, source);
    const made = this.#made.get(path) ?? this.#make(path);
    this.#made.set(path, made);
    return made;
  }

  /** The zip at a path that `of` has told. */
  async read(path: string): Promise<Uint8Array> {
    return readFile(path);
  }

  #make(source: string): Archive {
    const files = this.#forThisMachine(readFolder(source));
    const digest = createHash("sha256");
    for (const [name, content] of files) digest.update(`${name}\0${content.length}\0`).update(content);
    const path = join(this.folder, `${digest.digest("hex").slice(0, 32)}.zip`);
    if (!existsSync(path)) writeAtOnce(path, zip(files));
    return { path, base64Sha256: createHash("sha256").update(readFileSync(path)).digest("base64") };
  }

  #forThisMachine(files: Map<string, Buffer>): Map<string, Buffer> {
    if (this.platform === "linux-arm64") return files;
    const result = new Map<string, Buffer>();
    const packages = new Set<string>();
    for (const [path, content] of files) {
      const [, foreign] = lambdaBinaries.exec(path) ?? [];
      if (foreign === undefined) result.set(path, content);
      else packages.add(foreign);
    }
    for (const foreign of packages) {
      const own = foreign.replace(/linux$/, this.platform);
      const folder = join(this.projectRoot, "node_modules", own);
      if (!existsSync(folder))
        throw new CommandError(`${own} is not among the project's packages: npm ci installs it. Nothing was made.`);
      for (const [path, content] of readFolder(folder)) result.set(`node_modules/${own}/${path}`, content);
      this.replaced.add(`${foreign}-arm64 by ${own}`);
    }
    return new Map([...result].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function readFolder(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return new Map(
    files.map((path) => [
      path
        .slice(folder.length + 1)
        .split(sep)
        .join("/"),
      readFileSync(path),
    ]),
  );
}

function writeAtOnce(path: string, content: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content);
  renameSync(temporary, path);
}

import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** /20 ranges of 10.0.0.0/9, a region each; the other half of 10.0.0.0/8 is the pool of short-lived environments. */
const maximumRanges = 2 ** 11;

/** A copy of a copy, without what its synthesis left. */
export function copyApp(from, to) {
  const left = new Set(["node_modules", "cdktf.out", ".cache"].map((name) => join(from, name)));
  cpSync(from, to, { recursive: true, filter: (path) => !left.has(path) });
  cpSync(join(from, "node_modules"), join(to, "node_modules"), { verbatimSymlinks: true });
}

/**
 * Scales the app by configuration alone: its own environments, again and again, each in an account and in
 * address ranges of its own.
 */
export function declareEnvironments(app, count) {
  const file = join(app, "config", "load.ts");
  const scaled = 'import { scaleEnvironments } from "./scaled";\n';
  const text = readFileSync(file, "utf8");
  if (!text.startsWith(scaled)) {
    writeFileSync(file, scaled + replaceOnce(text, file, declaration, "$1scaleEnvironments($2);"));
  }
  writeFileSync(join(app, "config", "scaled.ts"), scaledModule(count));
}

const declaration = /^(export const sources: readonly EnvironmentConfig\[\] = )(\[[^;]*\]);$/m;

function scaledModule(count) {
  return `import type { EnvironmentConfig } from "./schema";

let ranges = 0;

export function scaleEnvironments(declared: readonly EnvironmentConfig[]): EnvironmentConfig[] {
  return Array.from({ length: ${count} }, (_, index) => {
    const { shortLived, ...source } = declared[index % declared.length] as EnvironmentConfig;
    const round = Math.floor(index / declared.length);
    const regions = Object.fromEntries(
      Object.entries(source.regions).map(([region, settings]) => [region, { ...settings, cidrBlock: nextRange() }]),
    );
    return {
      ...source,
      environment: round === 0 ? source.environment : \`\${source.environment}\${round + 1}\`,
      accountId: String(100_000_000_000 + index),
      sharedAccount: false,
      regions,
      // Its pool of addresses can belong to one environment only.
      ...(round === 0 && shortLived ? { shortLived } : {}),
    };
  });
}

function nextRange(): string {
  if (ranges === ${maximumRanges}) throw new RangeError("No more than ${maximumRanges} regions in all");
  const range = \`10.\${Math.floor(ranges / 16)}.\${(ranges % 16) * 16}.0/20\`;
  ranges += 1;
  return range;
}
`;
}

/** Edits a text that must hold the pattern exactly once: a benchmark of something else than it says is worse than none. */
export function replaceOnce(text, file, pattern, replacement) {
  const found = text.match(new RegExp(pattern, `${pattern.flags.replace("g", "")}g`))?.length ?? 0;
  if (found !== 1)
    throw new Error(`${file} was to hold ${pattern} once, and holds it ${found} times; adjust the benchmark to it`);
  return text.replace(pattern, replacement);
}

/** Removes what a synthesis wrote; with `cache`, also the bundle and the parsed backend.hcl of this project's command. */
export function cleanApp(app, { cache = false } = {}) {
  rmSync(join(app, "cdktf.out"), { recursive: true, force: true });
  if (cache) rmSync(join(app, ".cache"), { recursive: true, force: true });
}

/** Texts of the stacks that a synthesis wrote, by stack id. */
export function readStacks(app) {
  const folder = join(app, "cdktf.out", "stacks");
  return new Map(
    readdirSync(folder)
      .sort()
      .map((id) => [id, readFileSync(join(folder, id, "cdk.tf.json"), "utf8")]),
  );
}

import { createHash } from "node:crypto";
import { z } from "zod";
import { CommandError } from "../context";
import { parseStackId } from "../graph/stack-id";
import { isObject } from "../graph/terraform-json";
import { pathProblems } from "./paths";

/** Raised where an older tap would misread what is new; what older ones have written stays readable. */
const format = 1;

/** A manifest names hundreds of files: one mistake may be in each. */
const shownProblems = 5;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, { error: "must be a SHA-256, 64 hex digits" });

const file = z.strictObject({
  /** Relative to the stack's folder, with "/". */
  path: z.string(),
  sha256,
  bytes: z.int().min(0),
});

const stack = z.strictObject({
  environment: z.string(),
  component: z.string(),
  region: z.string(),
  files: z.array(file).min(1),
});

/** A zip that Terraform's archive provider makes at plan, and what it must be. */
const archive = z.strictObject({
  stackId: z.string(),
  /** `data.archive_file.Write_Archive_89394876` */
  address: z.string(),
  /** Relative to the stack's folder. */
  path: z.string(),
  /** The function that runs it; empty where none does. One that several run stands here for each. */
  functionName: z.string(),
  sha256,
  /** Lambda's CodeSha256, and the archive's output_base64sha256. */
  base64Sha256: z.string().regex(/^[A-Za-z0-9+/]{43}=$/, { error: "must be a SHA-256 in base64" }),
});

/**
 * What a release is. Nothing of when, where or by whom it was made is in it, so that its hash, the release's id, is the
 * same wherever the same source is made into one.
 */
const schema = z.strictObject({
  format: z.literal(format),
  source: z.strictObject({
    /** Null where the project is in no Git repository. */
    commit: z
      .string()
      .regex(/^[0-9a-f]{40,64}$/)
      .nullable(),
    /** Whether the working tree was that of the commit. What isn't, is promoted nowhere. */
    isClean: z.boolean(),
  }),
  /** What the source asks for, by name: it, and not what happened to be installed, decides about the bytes. */
  tools: z.strictObject({
    node: z.string(),
    terraform: z.string(),
    cdktf: z.string(),
    /** Source address to version. */
    providers: z.record(z.string(), z.string()),
  }),
  /** Stacks of each environment, by its suffix. */
  environments: z.record(z.string(), z.array(z.string()).min(1)),
  stacks: z.record(z.string(), stack),
  archives: z.array(archive),
  /** `.terraform.lock.hcl` for all stacks. */
  lockFile: z.strictObject({ sha256, bytes: z.int().min(0) }).nullable(),
});

export type ManifestContent = z.output<typeof schema>;
export type ReleaseFile = ManifestContent["stacks"][string]["files"][number];
export type ReleaseArchive = ManifestContent["archives"][number];

export interface Manifest extends ManifestContent {
  /** SHA-256 of the manifest as `canonical` writes it. */
  readonly id: string;
}

/** JSON with its keys in order: one text for one content. */
export function canonical(content: ManifestContent): string {
  return `${JSON.stringify(ordered(content), null, 1)}\n`;
}

export function withId(content: ManifestContent): Manifest {
  return { ...content, id: hashOf(canonical(content)) };
}

export function hashOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The manifest without its id: what is stored. */
export function contentOf({ id: _, ...content }: Manifest): ManifestContent {
  return content;
}

/**
 * The manifest that is stored under an id: only that one, in its one spelling.
 * @throws CommandError with everything that is wrong with it
 */
export function parseManifest(text: Uint8Array, id: string, label: string): Manifest {
  const refuse = (problems: readonly string[]): never => {
    const more = problems.length - shownProblems;
    const shown = [...problems.slice(0, shownProblems), ...(more > 0 ? [`and ${more} more of the kind`] : [])];
    throw new CommandError(shown.map((problem) => `${label}: ${problem}`).join("\n"));
  };
  const hash = hashOf(text);
  if (hash !== id) return refuse([`isn't what its release is named by: its SHA-256 is ${hash}`]);
  const json = jsonOf(text);
  if (isObject(json) && typeof json.format === "number" && json.format !== format)
    return refuse([`has the format ${json.format}; this version of tap reads ${format}: use that of a newer commit`]);
  const result = schema.safeParse(json);
  if (!result.success)
    return refuse(
      result.error.issues.map(({ path, message }) => `${path.map(String).join(".") || "the manifest"} ${message}`),
    );
  const problems = manifestProblems(result.data);
  if (problems.length > 0) return refuse(problems);
  if (hashOf(canonical(result.data)) !== id) return refuse(["isn't written as tap release writes one"]);
  return { ...result.data, id };
}

/** What the schema can't say: parts that don't belong together, and paths that lead elsewhere. */
function manifestProblems({ environments, stacks, archives }: ManifestContent): string[] {
  const listed = Object.entries(environments).flatMap(([suffix, ids]) => ids.map((id) => [id, suffix] as const));
  return [
    ...listed
      .filter(([id, suffix]) => stacks[id]?.environment !== suffix)
      .map(([id, suffix]) => `environments.${suffix} names ${quoted(id)}, which is no stack of it`),
    ...Object.entries(stacks).flatMap(([id, { files, ...parts }]) => {
      const known = parseStackId(id);
      const isKnown =
        known?.component === parts.component &&
        known.environmentSuffix === parts.environment &&
        known.region === parts.region;
      const count = listed.filter(([each]) => each === id).length;
      return [
        ...(isKnown ? [] : [`stacks has ${quoted(id)}, whose id doesn't say its component, environment and region`]),
        ...(count === 1 ? [] : [`${quoted(id)} is named ${count} times in environments`]),
        ...pathProblems(files.map(({ path }) => path)).map((problem) => `${quoted(id)} has ${problem}`),
      ];
    }),
    ...archives.flatMap(({ stackId, path }) => [
      ...(stackId in stacks ? [] : [`archives has one of ${quoted(stackId)}, which is no stack of it`]),
      ...pathProblems([path]).map((problem) => `archives has ${problem}`),
    ]),
  ];
}

function jsonOf(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch {
    return undefined;
  }
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, ordered(inner)]),
  );
}

const quoted = (text: string) => JSON.stringify(text);

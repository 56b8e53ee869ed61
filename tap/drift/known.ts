import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError } from "../../config/errors";
import { validate } from "../../config/validate";
import type { Context } from "../context";
import { dayRule, isDay, latestDay } from "../day";
import { readJson } from "../graph/read-cdktf";
import type { AttributeDrift, DriftedResource, KnownResource } from "./report";

/** Somebody's word that something is not as its state says, and may be so for a while. */
export interface KnownDrift {
  /** A stack's id; `*` stands for any letters. */
  readonly stack: string;
  /** A resource's address; `*` stands for any letters. */
  readonly address: string;
  /** An attribute with all that is in it, e.g. `tags` or `tags.Owner`; `*` for all, also for one that has vanished. */
  readonly attribute: string;
  /** The fact that makes it right, in a sentence. */
  readonly reason: string;
  /** Who answers for it. */
  readonly owner: string;
  /** Last day on which it holds, `2026-12-31`; at most a year away. */
  readonly until: string;
}

export const driftFileName = "drift.json";
const shortestReason = 20;

const text = (what: string, shortest = 1) => {
  const error = `must be ${what}`;
  return z.string({ error }).min(shortest, { error });
};

const schema = z.strictObject({
  known: z.array(
    z.strictObject({
      stack: text("a stack's id, e.g. tap-files-prod-us-east-1; * stands for any letters"),
      address: text("a resource's address, e.g. aws_s3_bucket.Uploads; * stands for any letters"),
      attribute: text('an attribute, e.g. tags or tags.Owner; "*" for all of them'),
      reason: text(`a sentence of at least ${shortestReason} letters: the fact that makes it right`, shortestReason),
      owner: text("who answers for it, e.g. platform-team"),
      until: z.string({ error: dayRule }).refine(isDay, { error: dayRule }),
    }),
    { error: "must be a list of known drift; [] for none" },
  ),
});

/** What drift.json of the project says; nothing where there is none. @throws ConfigError with all that is wrong with it */
export function readKnownDrift({ projectRoot }: Context, today: string): readonly KnownDrift[] {
  const path = join(projectRoot, driftFileName);
  return existsSync(path) ? parseKnownDrift(readJson(path), today) : [];
}

export function parseKnownDrift(json: unknown, today: string): readonly KnownDrift[] {
  const result = validate(schema, json, driftFileName);
  if (!result.ok) throw new ConfigError(result.problems);
  const latest = latestDay(today);
  const tooLate = result.value.known.flatMap(({ until }, index) =>
    until > latest
      ? [{ path: `${driftFileName}.known.${index}.until`, value: until, message: `must be ${latest} or earlier` }]
      : [],
  );
  if (tooLate.length > 0) throw new ConfigError(tooLate);
  return result.value.known;
}

export interface KnownApplied {
  /** What nobody answers for. */
  readonly drifted: DriftedResource[];
  readonly known: KnownResource[];
  readonly remarks: string[];
}

/**
 * Takes out what is known, attribute by attribute.
 *
 * @param compared stacks that were looked at: of others it isn't known whether their entries are used
 */
export function applyKnown(
  found: readonly DriftedResource[],
  entries: readonly KnownDrift[],
  compared: readonly string[],
  today: string,
): KnownApplied {
  const used = new Set<KnownDrift>();
  const valid = entries.filter(({ until }) => until >= today);
  const entryFor = (resource: DriftedResource, path: string) => {
    const entry = valid.find((each) => isAbout(each, resource) && covers(each.attribute, path));
    if (entry !== undefined) used.add(entry);
    return entry;
  };
  const drifted: DriftedResource[] = [];
  const known: KnownResource[] = [];
  for (const resource of found) {
    if (resource.vanished) {
      const entry = entryFor(resource, "*");
      if (entry === undefined) drifted.push(resource);
      else known.push({ ...resource, reason: entry.reason, until: entry.until });
      continue;
    }
    const left: AttributeDrift[] = [];
    for (const attribute of resource.attributes) {
      const entry = entryFor(resource, attribute.path);
      if (entry === undefined) left.push(attribute);
      else known.push({ ...resource, attributes: [attribute], reason: entry.reason, until: entry.until });
    }
    if (left.length > 0) drifted.push({ ...resource, attributes: left });
  }
  const isCompared = ({ stack }: KnownDrift) => compared.some((id) => matches(stack, id));
  const remarks = entries.flatMap((entry) => {
    if (!isCompared(entry)) return [];
    const name = `${driftFileName}: ${entry.attribute} of ${entry.address} in ${entry.stack} (${entry.owner})`;
    if (entry.until < today) return [`${name} ended on ${entry.until}: mend it, or have its owner look again`];
    return used.has(entry) ? [] : [`${name} is of no drift: take it out`];
  });
  return { drifted, known, remarks };
}

function isAbout({ stack, address }: KnownDrift, resource: DriftedResource): boolean {
  return matches(stack, resource.stackId) && matches(address, resource.address);
}

function covers(attribute: string, path: string): boolean {
  return (
    attribute === "*" || attribute === path || path.startsWith(`${attribute}.`) || path.startsWith(`${attribute}[`)
  );
}

function matches(pattern: string, text: string): boolean {
  const parts = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}

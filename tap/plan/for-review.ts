import { createHmac, randomBytes } from "node:crypto";
import { isObject } from "../graph/terraform-json";
import { sensitiveTexts, withoutIn } from "../review/shown";
import { memberOf } from "../review/values";

/** Members that a review reads. The others repeat what the changes have, and with sensitive values nobody marks there. */
const read: ReadonlySet<string> = new Set([
  "action_invocations",
  "applyable",
  "checks",
  "complete",
  "deferred_changes",
  "errored",
  "format_version",
  "output_changes",
  "resource_changes",
  "resource_drift",
  "terraform_version",
  "timestamp",
]);

/**
 * A plan as others may read it, as an artifact of a workflow: in place of each sensitive value a word that is another
 * one where the value is, under a key that is forgotten with the run.
 */
export function forReview(plan: unknown): unknown {
  if (!isObject(plan)) return plan;
  const key = randomBytes(32);
  const members = Object.entries(plan).filter(([name]) => read.has(name));
  const sealed = members.map(([name, value]) => [name, sealedChanges(value, key)] as const);
  // Without them it would be no plan.
  return { ...Object.fromEntries(sealed), ...("planned_values" in plan ? { planned_values: {} } : {}) };
}

/** Changes wherever they are in a member: what has marks beside its values. */
function sealedChanges(value: unknown, key: Buffer): unknown {
  if (Array.isArray(value)) return value.map((item) => sealedChanges(item, key));
  if (!isObject(value)) return value;
  if (Array.isArray(value.actions)) return sealedChange(value, key);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, sealedChanges(inner, key)]));
}

function sealedChange(change: Readonly<Record<string, unknown>>, key: Buffer): unknown {
  const { before, after, before_sensitive: beforeSensitive, after_sensitive: afterSensitive } = change;
  const secrets = sensitiveTexts({ before, after, beforeSensitive, afterSensitive });
  const side = (value: unknown, marks: unknown) => withoutIn(sealed(value, marks, key), secrets);
  return {
    ...change,
    ...("before" in change ? { before: side(before, beforeSensitive) } : {}),
    ...("after" in change ? { after: side(after, afterSensitive) } : {}),
  };
}

function sealed(value: unknown, marks: unknown, key: Buffer): unknown {
  if (value === null || value === undefined) return value;
  // A switch is one of two, and rules go by it.
  if (marks === true) return typeof value === "boolean" ? value : `(sensitive ${seal(value, key)})`;
  if (Array.isArray(value)) return value.map((item, index) => sealed(item, memberOf(marks, index), key));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, sealed(item, memberOf(marks, name), key)]),
  );
}

function seal(value: unknown, key: Buffer): string {
  return createHmac("sha256", key).update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

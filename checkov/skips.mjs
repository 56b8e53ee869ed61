import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const skipsFile = join(dirname(fileURLToPath(import.meta.url)), "skips.json");

/** `tap-{component}-{environment}-{region}` */
const stackId = /^tap-(?<component>[a-z]+)-(?<environment>[a-z0-9]{1,12})-(?<region>[a-z]{2}-[a-z]+-\d)$/;

/**
 * The skips: each a `check`, a `reason` that is a fact about the design, and the `resources`, `{component}/{address}`,
 * which stand for that address in that component's stacks, of all environments and regions or of those in
 * `environments` and `regions`. Nothing is matched by a pattern: each resource that is meant has to be there, and to fail.
 */
export function readSkips() {
  return JSON.parse(readFileSync(skipsFile, "utf8"));
}

/** What the skips mean in these stacks: `{check} {stack}/{address}` of each, with its reason; and who means nothing. */
export function expandSkips(skips, stacks) {
  const meant = new Map();
  const stale = [];
  for (const { check, resources, environments, regions, reason } of skips) {
    for (const resource of resources) {
      const [component, address] = resource.split("/");
      const those = stacks.filter((stack) => {
        const parts = stackId.exec(stack)?.groups;
        return (
          parts?.component === component &&
          (environments?.includes(parts.environment) ?? true) &&
          (regions?.includes(parts.region) ?? true)
        );
      });
      if (those.length === 0) stale.push(`${check} ${resource}: no such stack`);
      for (const stack of those) {
        const key = `${check} ${stack}/${address}`;
        if (meant.has(key)) stale.push(`${key}: skipped twice`);
        meant.set(key, reason);
      }
    }
  }
  return { meant, stale };
}

/**
 * What the judges' records come to: how many passed, failed and are skipped, what failed that no skip names, and what
 * in the skips names nothing that failed.
 */
export function weigh(records, skips, stacks) {
  const { meant, stale } = expandSkips(skips, stacks);
  const used = new Set();
  const unexpected = [];
  for (const record of records.filter(({ passed }) => !passed)) {
    const key = `${record.check} ${record.stack}/${record.address}`;
    if (meant.has(key)) used.add(key);
    else unexpected.push(record);
  }
  const passed = records.filter((record) => record.passed).length;
  return {
    passed,
    failed: unexpected.length,
    skipped: records.length - passed - unexpected.length,
    unexpected,
    stale: [...stale, ...[...meant.keys()].filter((key) => !used.has(key)).map((key) => `${key}: does not fail`)],
  };
}

import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { prepareStack } from "../../checkov/stacks.mjs";

/** `tap-{component}-{environment}-{region}` */
const environmentOf = (id) => /^tap-[a-z]+-([a-z0-9]+)-/.exec(id)[1];

/** Environments of a synthesized folder, in the order of its manifest. */
export function environmentsIn(synthesized) {
  return [...new Set(Object.keys(stacksOf(synthesized)).map(environmentOf))];
}

/**
 * Stacks of the first environments of a synthesized folder, for either judge: as cdktf wrote them, and as Checkov can
 * read them. Both have the same resources, and Checkov's one more in each stack, which has to fail.
 */
export function writeFolders(synthesized, environments, target) {
  const chosen = new Set(environmentsIn(synthesized).slice(0, environments));
  const stacks = Object.fromEntries(
    Object.entries(stacksOf(synthesized)).filter(([id]) => chosen.has(environmentOf(id))),
  );
  const own = join(target, "synthesized");
  const theirs = join(target, "checkov", "stacks");
  const addresses = new Map();
  for (const [id, { synthesizedStackPath }] of Object.entries(stacks)) {
    const file = join(own, synthesizedStackPath);
    mkdirSync(dirname(file), { recursive: true });
    cpSync(join(synthesized, synthesizedStackPath), file);
    addresses.set(id, prepareStack(dirname(file), join(theirs, id)));
  }
  writeFileSync(join(own, "manifest.json"), JSON.stringify({ ...manifestOf(synthesized), stacks }));
  return {
    own,
    theirs,
    addresses,
    stacks: addresses.size,
    resources: [...addresses.values()].reduce((sum, list) => sum + list.length, 0),
  };
}

function manifestOf(synthesized) {
  return JSON.parse(readFileSync(join(synthesized, "manifest.json"), "utf8"));
}

const stacksOf = (synthesized) => manifestOf(synthesized).stacks;

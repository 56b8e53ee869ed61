import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { measure } from "../support/measure.mjs";

/**
 * Where the time goes: for each sample of a profile, the innermost function that stands here says what it was
 * for. The bundle isn't minified, so that these are the names in the source of cdktf and of this project.
 */
const purposes = [
  ["check that the bundle is current", ["stampOf", "ensureBundle", "readBackend", "bundle"]],
  ["configuration", ["loadConfiguration", "planStacks", "selectStacks"]],
  ["build constructs", ["buildApp"]],
  ["aspects and validation", ["invokeAspects", "runAllValidations"]],
  ["resolve to JSON", ["toTerraform", "prepareStack", "createPreparingResolver"]],
  ["write files", ["writeFileSync", "mkdirSync", "publish", "createStaging"]],
  ["serialize JSON", ["stringify", "jsonStableStringify", "stableStringify"]],
  ["synthesis, the rest of it", ["synthesizeStack", "synthesizeAll", "synth", "synthesize"]],
  ["load the bundle", ["Module._load", "Module._compile", "wrapSafe", "require", "Script", "__require", "__init"]],
  ["print the result", ["summary", "table"]],
];
const purposeOf = new Map(purposes.flatMap(([purpose, names]) => names.map((name) => [name, purpose])));
const ofItself = new Map([
  ["(garbage collector)", "garbage collection"],
  ["(program)", "native code, no JavaScript on the stack"],
  ["(idle)", "waiting"],
]);
const rest = "everything else";

/**
 * One run under Node's profiler, by purpose. The profiler slows the run down, so that the shares are what counts.
 * @param {{ command: string, args: string[], cwd: string }} step a Node command
 * @returns {Promise<{ purpose: string, share: number }[]>} of all processes together, the largest first
 */
export async function breakDown(step) {
  const folder = mkdtempSync(join(step.cwd, "profile-"));
  try {
    const profiler = ["--cpu-prof", "--cpu-prof-interval=250", `--cpu-prof-dir=${folder}`];
    await measure({ ...step, args: [...profiler, ...step.args] });
    const totals = new Map();
    for (const file of readdirSync(folder)) addUp(JSON.parse(readFileSync(join(folder, file), "utf8")), totals);
    const all = [...totals.values()].reduce((sum, microseconds) => sum + microseconds, 0);
    return [...totals]
      .map(([purpose, microseconds]) => ({ purpose, share: microseconds / all }))
      .sort((a, b) => b.share - a.share);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function addUp({ nodes, samples, timeDeltas }, totals) {
  const purposeById = purposesOf(nodes);
  for (const [index, id] of samples.entries()) {
    const purpose = purposeById.get(id);
    totals.set(purpose, (totals.get(purpose) ?? 0) + timeDeltas[index]);
  }
}

/** The purpose of each node of the call tree: its own, else that of its caller. */
function purposesOf(nodes) {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const result = new Map();
  const visit = (node, inherited) => {
    const { functionName } = node.callFrame;
    const purpose = ofItself.get(functionName) ?? purposeOf.get(functionName) ?? inherited;
    result.set(node.id, purpose);
    for (const child of node.children ?? []) visit(byId.get(child), purpose);
  };
  visit(nodes[0], rest);
  return result;
}

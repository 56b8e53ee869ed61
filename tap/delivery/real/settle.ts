import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { writeWhole } from "../../files";
import { writeBackendFolder } from "../../remote-state";
import { failure, type TerraformResult, terraform } from "../../terraform";
import { Initializer } from "../../terraform/initialize";
import type { StepResult } from "../steps";
import { cutOffSessions } from "./cut-off";
import type { RealOptions, Session } from "./options";

interface State {
  readonly lineage: string;
  readonly serial: number;
}

/**
 * Makes sure that no other process still changes the environment, nor can with what it had planned before. AWS checks no
 * token of ours; Terraform checks two things, and both are used: a state's lock, which whoever applies holds, and its
 * serial, which a saved plan is bound to. So each state that this run has planned is written once, unchanged, under its
 * lock: the write waits for whoever is at it, and makes every older plan stale.
 */
export async function settle(options: RealOptions, session: Session): Promise<StepResult> {
  const { takeover, environment, context } = options;
  const stackIds = plannedStacks(session);
  const notes: string[] = [];
  if (stackIds.length > 0 && takeover.cutOffRoleSessions) notes.push(...(await cutOffSessions(options, session)));
  const initializer = new Initializer(context, options.backendConfig);
  const problems = await Promise.all(
    stackIds.map(async (stackId) => {
      const folder = join(options.work, "settle", stackId);
      writeBackendFolder(folder, environment, stackId, options.backend);
      const init = await initializer.initialize(folder, { log: join(folder, "init.log") });
      if (init !== undefined && init.exitCode !== 0) return [`${stackId}: terraform init failed:\n${init.text.trim()}`];
      session.say(stackId);
      return settleStack(options, stackId, folder, notes);
    }),
  );
  return { problems: problems.flat(), notes };
}

/** Only what was planned can be applied. */
function plannedStacks({ run }: Session): string[] {
  const plans = run.events.flatMap((event) => (event.type === "done" && event.plan ? event.plan.stacks : []));
  return [...new Set(plans.map(({ stackId }) => stackId))];
}

async function settleStack(options: RealOptions, stackId: string, folder: string, notes: string[]): Promise<string[]> {
  const { context, takeover } = options;
  const pushed = await pushNext(options, stackId, folder, notes);
  if (pushed.exitCode === 0) return [];
  const lock = lockIn(pushed);
  if (lock === undefined) return [`${stackId}: ${failure(["state push"], pushed)}`];
  if (!takeover.forceUnlock) return [heldText(stackId, lock, takeover.lockWaitSeconds)];
  const args = ["force-unlock", "-no-color", "-force", lock.id];
  const unlocked = await terraform(context, folder, args);
  // A Terraform that was killed between its two locks leaves one; force-unlock frees that, and fails for the other.
  const again = await pushNext(options, stackId, folder, notes);
  if (again.exitCode === 0) {
    notes.push(`${stackId}: the lock of ${lock.who}, since ${lock.created}, was forced`);
    return [];
  }
  return [
    ...(unlocked.exitCode === 0 ? [] : [`${stackId}: ${failure(args, unlocked)}`]),
    `${stackId}: ${failure(["state push"], again)}`,
  ];
}

/** Writes the state as it is, or as an apply that couldn't save it has left it, under the next serial. */
async function pushNext(
  { context, takeover, work }: RealOptions,
  stackId: string,
  folder: string,
  notes: string[],
): Promise<TerraformResult> {
  const pulled = await terraform(context, folder, ["state", "pull"]);
  if (pulled.exitCode !== 0) return pulled;
  const state = pulled.stdout.trim() === "" ? emptyState() : (JSON.parse(pulled.stdout) as State);
  const unsaved = unsavedState(work, stackId, state);
  if (unsaved !== undefined)
    notes.push(`${stackId}: the state that an apply couldn't save was saved, from ${unsaved.file}`);
  const next = unsaved?.state ?? state;
  const file = join(folder, "next.tfstate");
  writeWhole(file, JSON.stringify({ ...next, serial: Math.max(next.serial, state.serial) + 1 }));
  const result = await terraform(context, folder, [
    "state",
    "push",
    `-lock-timeout=${takeover.lockWaitSeconds}s`,
    file,
  ]);
  if (result.exitCode === 0 && unsaved !== undefined) rmSync(unsaved.file);
  // It takes no -no-color.
  return { ...result, stderr: stripVTControlCharacters(result.stderr) };
}

export function emptyState(): State & Record<string, unknown> {
  return { version: 4, serial: 0, lineage: randomUUID(), outputs: {}, resources: [] };
}

/** What Terraform writes beside a plan where a state can't be written: it knows what was made. */
function unsavedState(
  work: string,
  stackId: string,
  { lineage, serial }: State,
): { file: string; state: State } | undefined {
  const foldersIn = (path: string) =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [join(path, entry.name)] : [],
    );
  const opened = foldersIn(work).flatMap(foldersIn);
  const states = opened
    .map((folder) => join(folder, "stacks", stackId, "errored.tfstate"))
    .filter(existsSync)
    .map((file) => ({ file, state: JSON.parse(readFileSync(file, "utf8")) as State }));
  return states.find(({ state }) => state.lineage === lineage && state.serial > serial);
}

interface Lock {
  readonly id: string;
  readonly who: string;
  readonly created: string;
}

/** Whose lock it was that Terraform met. */
export function lockIn({ stderr, stdout }: TerraformResult): Lock | undefined {
  const text = stripVTControlCharacters(`${stderr}\n${stdout}`);
  if (!text.includes("Error acquiring the state lock")) return undefined;
  // At the beginning of a line: AWS's own message has ids of its own in it.
  const field = (name: string) => new RegExp(`^[\\s│|]*${name}:[ \\t]+(\\S[^\\n]*)`, "m").exec(text)?.[1]?.trim();
  const id = field("ID");
  return id === undefined ? undefined : { id, who: field("Who") ?? "somebody", created: field("Created") ?? "unknown" };
}

function heldText(stackId: string, { id, who, created }: Lock, waited: number): string {
  return `${stackId}: ${who} holds Terraform's lock of its state since ${created} (${id}), and did so for the ${waited} s that were waited. Where that process still works, wait until it has ended. Where it is gone, or can't be stopped: the same command with --cut-off-role-sessions --force-unlock.`;
}

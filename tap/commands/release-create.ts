import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { sources } from "../../config/load";
import packageJson from "../../package.json";
import { CommandError, type Context } from "../context";
import { readText } from "../graph/read-cdktf";
import { runSteps } from "../progress";
import { type Created, createRelease } from "../release/create";
import { removeLeftOvers } from "../release/left-overs";
import { type StoreSelection, selectedStore } from "../release/location";
import { packByTerraform } from "../release/pack";
import { listReleases, short } from "../release/read";
import { sourceOf } from "../release/source";
import type { ReleaseStore } from "../release/store";
import { formatBytes, table } from "../text";
import { addStore } from "./release";
import { synthesize } from "./synth";

interface CreateCommandOptions extends StoreSelection {
  lockFile?: string;
  json?: boolean;
}

export function addCreate(release: Command, context: Context): void {
  addStore(release.command("create").summary("make a release of the working tree"))
    .description(
      "Synthesizes all environments of config/ anew, packs every function as Terraform's archive provider will, and stores what came of it. --env of a short-lived environment makes a release of that one alone. The bootstrap stacks are in none: people apply them, with credentials of their own. Into a bucket only what is committed goes.",
    )
    .option("--lock-file <file>", ".terraform.lock.hcl for all stacks: plans take exactly these providers")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap release create --store releases
  tap release create --env dev --lock-file providers.lock.hcl
  tap release create --env dev --json | jq -r .id

ENVIRONMENT and AWS_REGION don't count here: a release is of all environments, in the regions that config/ names.
Needs Terraform ≥ 1.10, and its archive provider from a registry or a mirror (TF_CLI_CONFIG_FILE).`,
    )
    .action(async (options: CreateCommandOptions) => createCommand(context, options));
}

async function createCommand(context: Context, options: CreateCommandOptions): Promise<void> {
  const store = await selectedStore(context, options, {});
  const sourceNow = () => sourceOf(context.projectRoot, isBucket(store) ? undefined : store.location);
  const source = sourceNow();
  refuseDirty(store, source.isClean);
  const lockFile = options.lockFile === undefined ? undefined : resolve(context.cwd, options.lockFile);
  const lockText = lockFile === undefined ? undefined : readText(lockFile);
  const folder = join(context.projectRoot, ".tap", "release");
  removeLeftOvers(folder, "synthesized-");
  const outdir = join(folder, `synthesized-${process.pid}`);
  // A store that can't be reached is told of now, and not after a minute.
  await listReleases(store);
  const start = performance.now();
  let created: Created | undefined;
  try {
    await synthesize(withoutSelection(context), { outdir, ...shortLivedOnly(context, options) });
    if (JSON.stringify(sourceNow()) !== JSON.stringify(source))
      throw new CommandError(
        "The working tree has changed while it was synthesized: run the same again. Nothing was written.",
      );
    await runSteps(context, [
      {
        title: `Release into ${store.location}`,
        run: async (say) => {
          created = await createRelease({
            folder: outdir,
            store,
            source,
            node: packageJson.engines.node,
            pack: (archives) => {
              say(`pack ${archives.length} functions`);
              return packByTerraform(context, lockText)(archives);
            },
            ...(lockFile === undefined ? {} : { lockFile }),
            onObject: (done, all) => say(`${done}/${all} objects`),
          });
        },
      },
    ]);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
  if (created === undefined) return;
  context.print(
    options.json ? json(store, created) : text(store, created, Math.round(performance.now() - start) / 1_000),
  );
}

const isBucket = ({ location }: ReleaseStore) => location.startsWith("s3://");

/** What is stored for good must be found again in the repository. */
function refuseDirty(store: ReleaseStore, isClean: boolean): void {
  if (isClean || !isBucket(store)) return;
  throw new CommandError(
    `The working tree isn't that of a commit: a release of it would be promoted nowhere, and ${store.location} keeps what it is given. Commit first, or release into a folder: --store releases. Nothing was written.`,
  );
}

/** Regions and environments come from config/ alone: the machine that releases has no say. */
function withoutSelection(context: Context): Context {
  const {
    ENVIRONMENT: _,
    ENVIRONMENT_SUFFIX: __,
    AWS_REGION: ___,
    AWS_DEFAULT_REGION: ____,
    ...variables
  } = context.variables;
  return { ...context, variables };
}

function shortLivedOnly(context: Context, { environment, environmentSuffix }: StoreSelection): StoreSelection {
  const { ENVIRONMENT, ENVIRONMENT_SUFFIX } = context.variables;
  const named = environment ?? environmentSuffix ?? [ENVIRONMENT || ENVIRONMENT_SUFFIX || []].flat();
  const declared = sources.map((source) => source.environment as string);
  return named.length === 0 || named.some((name) => declared.includes(name)) ? {} : { environment: [...named] };
}

function json({ location }: ReleaseStore, { manifest, ...rest }: Created): string {
  const { id, source, environments } = manifest;
  return JSON.stringify({ id, store: location, source, environments, ...rest }, null, 2);
}

function text({ location }: ReleaseStore, created: Created, seconds: number): string {
  const { manifest, isNew, objects, bytes, stored, mended } = created;
  const rows = Object.entries(manifest.environments).map(([name, ids]) => [
    name,
    String(ids.length),
    String(manifest.archives.filter(({ stackId }) => ids.includes(stackId)).length),
    formatBytes(ids.flatMap((id) => manifest.stacks[id]?.files ?? []).reduce((sum, file) => sum + file.bytes, 0)),
  ]);
  const { commit, isClean } = manifest.source;
  const from =
    commit === null
      ? "no commit"
      : `commit ${short(commit)}${isClean ? "" : ", changed since: for this machine, promoted nowhere"}`;
  return [
    `Release ${manifest.id}`,
    `of ${from}${isNew ? "" : "; it was there already"}`,
    "",
    table(["Environment", "Stacks", "Functions", "Size"], rows),
    "",
    `In ${location}: ${objects} objects, ${formatBytes(bytes)}; ${stored} of them new, in ${seconds.toFixed(1)} s.`,
    ...(mended.length === 0 ? [] : [`Mended, because they weren't what they had been: ${mended.join(", ")}`]),
    "",
    `Next: tap release show ${short(manifest.id)} --store ${location}${isClean ? "; tap promote brings it to an environment" : ""}`,
  ].join("\n");
}

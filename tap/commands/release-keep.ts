import { type Command, Option } from "commander";
import { ConfigError } from "../../config/errors";
import { CommandError, type Context } from "../context";
import { wholeNumber } from "../options";
import { runSteps } from "../progress";
import { type Collected, collectReleases } from "../release/collect";
import { type Copied, copyRelease } from "../release/copy";
import { type StoreSelection, selectedStore } from "../release/location";
import { listReleases, resolveId, short } from "../release/read";
import type { ReleaseStore } from "../release/store";
import { brokenText, type Verification, verifyRelease } from "../release/verify";
import { list } from "../selection";
import { formatBytes } from "../text";
import { addStore } from "./release";

interface KeepOptions extends StoreSelection {
  json?: boolean;
}

export function addVerify(release: Command, context: Context): void {
  addStore(
    release
      .command("verify")
      .argument("[release]", "its id, or the beginning of it")
      .summary("read a release whole, and compare every byte"),
  )
    .description(
      "Reads everything that a release is made of, and compares it with its hashes; without an id, all releases of the store. Promotion does the same, at each use.",
    )
    .option("--json", "print the result as JSON")
    .addHelpText("after", "\nExamples:\n  tap release verify 3f2a --env prod\n  tap release verify --store releases")
    .action(async (id: string | undefined, options: KeepOptions) => verifyCommand(context, id, options));
}

async function verifyCommand(context: Context, prefix: string | undefined, options: KeepOptions): Promise<void> {
  const store = await selectedStore(context, options);
  const ids = prefix === undefined ? (await listReleases(store)).map(({ id }) => id) : [await resolveId(store, prefix)];
  const verified: Verification[] = [];
  await runSteps(
    context,
    ids.map((id) => ({
      title: `Verify ${short(id)}`,
      run: async (say) => {
        verified.push(
          await verifyRelease(store, id, { onObject: (_, __, done, all) => say(`${done}/${all} objects`) }),
        );
      },
    })),
  );
  const broken = verified.filter(({ problems }) => problems.length > 0);
  if (options.json)
    context.print(
      JSON.stringify(
        verified.map(({ manifest: _, ...rest }) => rest),
        null,
        2,
      ),
    );
  else
    for (const { id, objects, bytes } of verified.filter(({ problems }) => problems.length === 0))
      context.print(`${short(id)} is whole: ${objects} objects, ${formatBytes(bytes)}.`);
  if (ids.length === 0) context.remark(`${store.location} has no releases.`);
  if (broken.length > 0) throw new CommandError(broken.map((each) => brokenText(store, each)).join("\n\n"));
}

interface CopyOptions {
  from?: string;
  fromEnv?: string;
  fromProfile?: string;
  to?: string;
  toEnv?: string;
  toProfile?: string;
  json?: boolean;
}

export function addCopy(release: Command, context: Context): void {
  release
    .command("copy")
    .argument("<release>", "its id, or the beginning of it")
    .summary("copy a release to another store, verified on both sides")
    .description(
      "Copies a release from one store to another, each under credentials of its own. Every object is verified as it is read, and again where it then is. What the other store has wrong is put right.",
    )
    .option("--from <location>", "a folder, s3://bucket or s3://bucket/prefix")
    .option("--from-env <name>", "the bucket of this environment's delivery stack")
    .option("--from-profile <name>", "profile of ~/.aws/config that may read there")
    .option("--to <location>", "where it is to be")
    .option("--to-env <name>", "the bucket of this environment's delivery stack")
    .option("--to-profile <name>", "profile of ~/.aws/config that may write there")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap release copy 3f2a --from-env dev --from-profile tap-staging-reads-dev --to-env staging --to-profile tap-staging
  tap release copy 3f2a --from-env prod --to backup`,
    )
    .action(async (id: string, options: CopyOptions) => copyCommand(context, id, options));
}

async function copyCommand(context: Context, prefix: string, options: CopyOptions): Promise<void> {
  refuseUnclear(options);
  const from = await selectedStore(context, selectionOf(options.from, options.fromEnv, options.fromProfile));
  const to = await selectedStore(context, selectionOf(options.to, options.toEnv, options.toProfile), {});
  const id = await resolveId(from, prefix);
  let copied: Copied | undefined;
  await runSteps(context, [
    {
      title: `Copy ${short(id)} to ${to.location}`,
      run: async (say) => {
        copied = await copyRelease(from, to, id, (done, all) => say(`${done}/${all} objects`));
      },
    },
  ]);
  if (copied === undefined) return;
  const { manifest: _, ...result } = copied;
  context.print(
    options.json
      ? JSON.stringify({ id, from: from.location, to: to.location, ...result }, null, 2)
      : copyText(to, id, copied),
  );
}

function copyText({ location }: ReleaseStore, id: string, { objects, bytes, stored, mended }: Copied): string {
  return [
    `${short(id)} is in ${location}, and whole: ${objects} objects, ${formatBytes(bytes)}; ${stored} of them new.`,
    ...(mended.length === 0 ? [] : [`Mended, because they weren't what they had been: ${mended.join(", ")}`]),
    `Next: tap release show ${short(id)} --store ${location}`,
  ].join("\n");
}

function refuseUnclear(options: CopyOptions): void {
  const problems = (["from", "to"] as const)
    .filter((side) => (options[side] === undefined) === (options[`${side}Env`] === undefined))
    .map((side) => ({ path: `--${side}`, message: `name one store: --${side} <location> or --${side}-env <name>` }));
  if (problems.length > 0) throw new ConfigError(problems);
}

function selectionOf(store: string | undefined, env: string | undefined, profile: string | undefined): StoreSelection {
  return {
    ...(store === undefined ? {} : { store }),
    ...(env === undefined ? {} : { environment: [env] }),
    ...(profile === undefined ? {} : { profile }),
  };
}

interface GcOptions extends KeepOptions {
  keep: string;
  keepId?: string[];
  dryRun?: boolean;
}

export function addGc(release: Command, context: Context): void {
  addStore(release.command("gc").summary("remove old releases, and what none is made of"))
    .description(
      "Keeps the newest releases and those that are named, and removes the others with what none is made of any more. What object lock holds stays, and is named. Name the releases that environments run, and those that they may have to go back to: tap history lists them.",
    )
    .option("--keep <releases>", "how many of the newest stay", "20")
    .addOption(new Option("--keep-id <releases>", "releases that stay, comma-separated, repeatable").argParser(list))
    .option("--dry-run", "say what would go, and remove nothing")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tap release gc --env dev --dry-run\n  tap release gc --env dev --keep 50 --keep-id 3f2a,91c0",
    )
    .action(async (options: GcOptions) => gcCommand(context, options));
}

async function gcCommand(context: Context, options: GcOptions): Promise<void> {
  const keep = wholeNumber("--keep", options.keep, 1);
  const store = await selectedStore(context, options);
  const keepIds = await Promise.all((options.keepId ?? []).map((prefix) => resolveId(store, prefix)));
  const collected = await collectReleases(store, { keep, keepIds, dryRun: options.dryRun ?? false });
  context.print(options.json ? JSON.stringify(collected, null, 2) : gcText(store, collected, options.dryRun ?? false));
}

function gcText(store: ReleaseStore, { kept, removed, held, objects, bytes }: Collected, dryRun: boolean): string {
  const going = dryRun ? "Would go" : "Removed";
  return [
    `${going}: ${removed.length === 0 ? "no release" : removed.map((id) => short(id)).join(", ")}; ${objects} objects, ${formatBytes(bytes)}.`,
    `Kept in ${store.location}: ${kept.length === 1 ? "1 release" : `${kept.length} releases`}.`,
    ...held.map(({ key, why }) => `Stays: ${store.locate(key)}: ${why}`),
    ...(dryRun ? ["Next: the same without --dry-run"] : []),
  ].join("\n");
}

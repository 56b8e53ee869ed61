import type { Command } from "commander";
import { CommandError, type Context } from "../context";
import { type Comparison, compareReleases } from "../release/compare";
import { type StoreSelection, selectedStore } from "../release/location";
import type { Manifest } from "../release/manifest";
import { listReleases, objectsOf, readManifest, resolveId, short } from "../release/read";
import type { ReleaseStore } from "../release/store";
import { columns, formatBytes, table } from "../text";
import { addStore } from "./release";

interface LookOptions extends StoreSelection {
  json?: boolean;
}

export function addList(release: Command, context: Context): void {
  addStore(release.command("list").summary("releases of a store, the newest first"))
    .description("Lists the releases of a store. One whose manifest isn't what it was is shown as broken.")
    .option("--json", "print the list as JSON")
    .addHelpText("after", "\nExamples:\n  tap release list --env dev\n  tap release list --json | jq -r '.[0].id'")
    .action(async (options: LookOptions) => listCommand(context, options));
}

async function listCommand(context: Context, options: LookOptions): Promise<void> {
  const store = await selectedStore(context, options);
  const releases = await Promise.all(
    (await listReleases(store)).map(async ({ id, storedAt }) => {
      const described = await readManifest(store, id).then(describe, (error: unknown) => {
        if (error instanceof CommandError) return { problem: error.message };
        throw error;
      });
      return { id, storedAt: storedAt.toISOString(), ...described };
    }),
  );
  const broken = releases.flatMap((each) => ("problem" in each ? [each.problem] : []));
  context.print(options.json ? JSON.stringify(releases, null, 2) : listText(store, releases));
  if (broken.length > 0) throw new CommandError(broken.join("\n"));
}

function listText(store: ReleaseStore, releases: readonly Listed[]): string {
  if (releases.length === 0)
    return `${store.location} has no releases. Next: tap release create --store ${store.location}`;
  const rows = releases.map((each) =>
    "problem" in each
      ? [short(each.id), each.storedAt, "", "broken", ""]
      : [short(each.id), each.storedAt, each.commit, each.environments.join(" "), formatBytes(each.bytes)],
  );
  return table(["Release", "Stored", "Commit", "Environments", "Size"], rows);
}

type Listed = { id: string; storedAt: string } & (ReturnType<typeof describe> | { problem: string });

function describe(manifest: Manifest) {
  const { commit, isClean } = manifest.source;
  return {
    commit: `${commit === null ? "none" : short(commit)}${isClean ? "" : "+"}`,
    isClean,
    environments: Object.keys(manifest.environments),
    stacks: Object.keys(manifest.stacks).length,
    bytes: objectsOf(manifest).reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

export function addShow(release: Command, context: Context): void {
  addStore(release.command("show").argument("<release>", "its id, or the beginning of it").summary("what a release is"))
    .description("Shows a release's source, tools, stacks and functions; --json prints its manifest.")
    .option("--json", "print the manifest as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tap release show 3f2a --env dev\n  tap release show 3f2a --json | jq '.archives[] | {functionName, base64Sha256}'",
    )
    .action(async (id: string, options: LookOptions) => showCommand(context, id, options));
}

async function showCommand(context: Context, prefix: string, options: LookOptions): Promise<void> {
  const store = await selectedStore(context, options);
  const manifest = await readManifest(store, await resolveId(store, prefix));
  context.print(options.json ? JSON.stringify(manifest, null, 2) : showText(store, manifest));
}

function showText(store: ReleaseStore, manifest: Manifest): string {
  const { commit, isClean } = manifest.source;
  const { providers, ...tools } = manifest.tools;
  const rows = Object.entries(manifest.stacks).map(([id, { files }]) => [
    id,
    String(files.length),
    String(manifest.archives.filter(({ stackId }) => stackId === id).length),
    formatBytes(files.reduce((sum, { bytes }) => sum + bytes, 0)),
  ]);
  const zips = new Map(
    manifest.archives.map(({ functionName, path, base64Sha256 }) => [functionName || path, base64Sha256] as const),
  );
  return [
    columns([
      ["release", manifest.id],
      ["store", store.location],
      ["commit", `${commit ?? "none"}${isClean ? "" : ", changed since: promoted nowhere"}`],
      ...Object.entries(tools),
      ...Object.entries(providers),
      ["lock file", manifest.lockFile === null ? "none: plans choose by the versions above" : manifest.lockFile.sha256],
    ]),
    "",
    table(["Stack", "Files", "Functions", "Size"], rows),
    "",
    columns([["Function", "CodeSha256"], ...zips]),
    "",
    `Next: tap release verify ${short(manifest.id)} --store ${store.location}`,
  ].join("\n");
}

export function addDiff(release: Command, context: Context): void {
  addStore(
    release
      .command("diff")
      .argument("<before>", "a release's id, or the beginning of it")
      .argument("<after>", "another's")
      .summary("what one release has otherwise than another"),
  )
    .description(
      "Compares two releases of a store by stack, file and function. What that changes in AWS, tap plan says.",
    )
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  tap release diff 3f2a 91c0 --env dev\n  tap release diff 3f2a 91c0 --json | jq '.stacks[].stackId'",
    )
    .action(async (before: string, after: string, options: LookOptions) =>
      diffCommand(context, [before, after], options),
    );
}

async function diffCommand(context: Context, prefixes: [string, string], options: LookOptions): Promise<void> {
  const store = await selectedStore(context, options);
  const [before, after] = await Promise.all(
    prefixes.map(async (prefix) => readManifest(store, await resolveId(store, prefix))),
  );
  const comparison = compareReleases(before as Manifest, after as Manifest);
  context.print(options.json ? JSON.stringify(comparison, null, 2) : diffText(comparison));
}

function diffText({ isSame, settings, stacks }: Comparison): string {
  if (isSame) return "They are one and the same release.";
  return [
    ...settings.map(({ name, before, after }) => `${name}: ${before} → ${after}`),
    ...stacks.flatMap(({ stackId, change, files, functionNames }) => [
      `${stackId} ${change}`,
      ...files.map((file) => `  ${file.path} ${file.change}`),
      ...functionNames.map((name) => `  code of ${name}`),
    ]),
    "",
    `${stacks.length === 1 ? "1 stack differs" : `${stacks.length} stacks differ`}.`,
  ].join("\n");
}

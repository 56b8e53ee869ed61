import { appendFileSync } from "node:fs";
import { resolve } from "node:path";
import { CommandError, type Context } from "../context";
import { interruptible } from "../interrupt";
import { listReleases, readManifest, resolveId, sourceOf } from "../release";
import type { ReviewClass } from "../review/classes";
import type { DeliveryOptions } from "./command-options";
import { type DeliveryResult, deliver } from "./engine";
import { LeaseLost } from "./holding";
import { LedgerUnreachable } from "./ledger";
import { type FromOptions, prepare, worldOf } from "./prepare";
import type { RealOptions } from "./real/options";
import { headline, resultMarkdown, resultText } from "./report";

export interface AskedRun {
  readonly kind: "promote" | "rollback";
  /** Of the environment. */
  readonly name: string;
  /** The option that names it. */
  readonly option: string;
  readonly release: string | undefined;
  readonly automaticUpTo: ReviewClass;
  readonly approval: { readonly hash: string; readonly approver: string } | undefined;
}

/** Runs a promotion or a rollback, and tells how it ended. @throws CommandError where it didn't end as asked */
export async function runDelivery(
  context: Context,
  asked: AskedRun,
  options: DeliveryOptions & FromOptions,
): Promise<void> {
  const { kind, name, option, automaticUpTo, approval } = asked;
  const prepared = await prepare(context, name, option, options, kind);
  const { real, environment, commit } = prepared;
  const store = kind === "promote" ? real.from : real.store;
  const release = asked.release === undefined ? undefined : await resolveId(store, asked.release);
  const result = await interruptible(context, (signal) =>
    deliver(worldOf(prepared, signal), {
      kind,
      environment: environment.environmentSuffix,
      ...(release === undefined ? {} : { release }),
      defaultRelease: () => defaultRelease(context, real),
      automaticUpTo,
      ...(approval === undefined ? {} : { approval }),
      ...(commit === undefined ? {} : { commit }),
    }),
  ).catch((error: unknown) => {
    if (error instanceof LedgerUnreachable || error instanceof LeaseLost) throw new CommandError(error.message);
    throw error;
  });
  tell(context, result, options, kind);
}

/** The last good one of the environment before; for the first environment, what was released of the commit that is checked out. */
async function defaultRelease({ projectRoot }: Context, { before, from }: RealOptions): Promise<string> {
  if (before !== undefined) {
    const { good } = (await before.ledger.read()).record;
    if (good !== undefined) return good.release;
    throw new CommandError(
      `No release was ever good in ${before.environment.environmentSuffix}, so that none can go on from there: tap promote --to ${before.environment.environmentSuffix} comes first. Nothing was changed.`,
    );
  }
  const { commit, isClean } = sourceOf(projectRoot);
  for (const { id } of isClean && commit !== null ? await listReleases(from) : [])
    if ((await readManifest(from, id)).source.commit === commit) return id;
  throw new CommandError(
    `${from.location} has no release of ${isClean ? `commit ${commit}` : "a working tree with changes"}: tap release create makes one, or --release names another. Nothing was changed.`,
  );
}

function tell(
  context: Context,
  result: DeliveryResult,
  { json, markdown }: DeliveryOptions,
  kind: AskedRun["kind"],
): void {
  context.print(json ? JSON.stringify(result, null, 2) : resultText(result));
  if (markdown !== undefined) appendFileSync(resolve(context.cwd, markdown), resultMarkdown(result));
  const isAsAsked =
    kind === "promote" ? result.status === "good" : ["rolled back", "abandoned"].includes(result.status);
  if (!isAsAsked) throw new CommandError(headline(result));
}

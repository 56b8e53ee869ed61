import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { BackendSettings } from "../../config/backend";
import { deliveryNames, releaseReaderRoleArn } from "../../config/delivery";
import type { Environment } from "../../config/environment";
import { ConfigError } from "../../config/errors";
import { loadEnvironments, sources } from "../../config/load";
import { type Context, loadConfiguration } from "../context";
import { openStore, type ReleaseStore, sourceOf } from "../release";
import { checkTerraform } from "../terraform";
import { AwsAccess, localIdentity } from "./aws";
import { type DeliveryOptions, numbersIn } from "./command-options";
import { systemClock } from "./holding";
import type { Ledger } from "./ledger";
import { openLedger } from "./open-ledger";
import { withProgress } from "./progress";
import type { RealOptions } from "./real/options";
import { RealSteps } from "./real/real-steps";
import type { Identity, Run } from "./run";
import { readSmokeChecks } from "./validation/smoke";
import type { DeliveryWorld } from "./world";

/** Where a release comes from; only a promotion asks. */
export interface FromOptions {
  fromStore?: string;
  fromLedger?: string;
  fromRole?: string;
}

export interface Prepared {
  readonly environment: Environment;
  readonly commit: string | undefined;
  readonly real: RealOptions;
  readonly ledger: Ledger;
  readonly by: Identity;
  readonly leaseMilliseconds: number;
}

/** The environment that is named, and the one that is declared before it. @throws ConfigError where it is none */
export function environmentOf(
  context: Context,
  name: string,
  option: string,
): { environment: Environment; before?: Environment; backend: BackendSettings } {
  const { environments, backend } = loadConfiguration(context, { environment: [name] });
  const [environment, ...others] = environments;
  if (environment === undefined || others.length > 0)
    throw new ConfigError([{ path: option, value: name, message: "must name one environment" }]);
  const declared = loadEnvironments({
    environment: sources.map((source) => source.environment),
    variables: { ...context.variables, ENVIRONMENT: undefined, ENVIRONMENT_SUFFIX: undefined },
  });
  const before = declared[declared.findIndex((each) => each.environmentSuffix === environment.environmentSuffix) - 1];
  return { environment, backend, ...(before === undefined ? {} : { before }) };
}

/** All that a run works with, opened; everything that is wrong with the call is told before anything is done. */
export async function prepare(
  context: Context,
  name: string,
  option: string,
  options: DeliveryOptions & FromOptions,
  kind: "promote" | "rollback",
): Promise<Prepared> {
  const numbers = numbersIn(options);
  const { environment, before, backend } = environmentOf(context, name, option);
  const smoke = options.smoke === undefined ? undefined : readSmokeChecks(resolve(context.cwd, options.smoke));
  const access = new AwsAccess(options.asRole);
  const ledger = await openLedger(options.ledger, environment, access, context.cwd);
  const store = await openStoreAs(context, options.store ?? storeOf(environment), access, environment);
  // Going back takes nothing from the environment before, which may be out of order, or gone.
  const from = kind === "rollback" ? { from: store } : await openFrom(context, options, before, store, access);
  await checkTerraform(context);
  const by = options.ledger.startsWith("file:") ? localIdentity() : await access.identity(environment.region);
  const work = resolve(
    context.cwd,
    options.work ?? join(context.projectRoot, ".tap", "delivery", environment.environmentSuffix),
  );
  mkdirSync(work, { recursive: true, mode: 0o700 });
  return {
    environment,
    commit: sourceOf(context.projectRoot).commit ?? undefined,
    ledger,
    by,
    leaseMilliseconds: numbers.leaseSeconds * 1_000,
    real: {
      context,
      environment,
      backend,
      store,
      access,
      work,
      ...from,
      backendConfig: options.backendConfig ?? [],
      ...(options.providerRole === undefined ? {} : { providerRoleArn: options.providerRole }),
      ...(numbers.parallelism === undefined ? {} : { parallelism: numbers.parallelism }),
      takeover: {
        lockWaitSeconds: numbers.lockWait,
        cutOffRoleSessions: options.cutOffRoleSessions ?? false,
        forceUnlock: options.forceUnlock ?? false,
      },
      auditFailOn: options.auditFailOn,
      validation: {
        ...(smoke === undefined ? {} : { smoke }),
        smokePatienceSeconds: numbers.smokePatience,
        alarmWindowSeconds: numbers.alarmWindow,
        alarmPatienceSeconds: numbers.alarmPatience,
        ignoredAlarms: options.ignoreAlarm ?? [],
      },
    },
  };
}

/** Store and ledger of the environment before: by default its own, through the role that it has for that. */
async function openFrom(
  context: Context,
  { ledger, fromStore, fromLedger, fromRole }: DeliveryOptions & FromOptions,
  before: Environment | undefined,
  store: ReleaseStore,
  own: AwsAccess,
): Promise<Pick<RealOptions, "from" | "before">> {
  if (before === undefined) {
    return { from: fromStore === undefined ? store : await openStore(context, fromStore, { mustExist: true }) };
  }
  const ledgerLocation = fromLedger ?? (ledger.startsWith("file:") ? ledger : "dynamodb");
  const isOwn = fromStore === undefined && ledgerLocation === "dynamodb";
  const roleArn = fromRole ?? (isOwn ? releaseReaderRoleArn(before) : undefined);
  const access = new AwsAccess(roleArn === "none" ? undefined : roleArn, own);
  return {
    from: await openStoreAs(context, fromStore ?? storeOf(before), access, before),
    before: {
      environment: before,
      ledger: await openLedger(ledgerLocation, before, access, context.cwd, "--from-ledger"),
    },
  };
}

function storeOf(environment: Environment): string {
  return `s3://${deliveryNames(environment).releaseBucketName}`;
}

/** A store takes its credentials from variables: those of the role, where one is to be used. */
async function openStoreAs(
  context: Context,
  location: string,
  access: AwsAccess,
  { region }: Environment,
): Promise<ReleaseStore> {
  const { credentials } = access.in(region);
  if (credentials === undefined || !location.startsWith("s3://")) return openStore(context, location, { region });
  const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
  const variables = {
    ...context.variables,
    AWS_PROFILE: undefined,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  };
  return openStore({ ...context, variables }, location, { region });
}

/** The world as the engine sees it, with progress. */
export function worldOf({ real, ledger, by, leaseMilliseconds }: Prepared, signal: AbortSignal): DeliveryWorld {
  return {
    ledger,
    by,
    clock: systemClock,
    leaseMilliseconds,
    signal,
    // Sorts by time; nine digits are enough until the year 5188.
    newRunId: () => `${Date.now().toString(36).padStart(9, "0")}-${randomBytes(4).toString("hex")}`,
    stepsFor: (holding, run: Run) =>
      withProgress(real.context, (say) => {
        const either = AbortSignal.any([holding.signal, signal]);
        return new RealSteps(real, { run, token: holding.token, signal: either, say });
      }),
  };
}

import { isDeepStrictEqual } from "node:util";
import { overlapping } from "./cidr";
import { type ConfigProblem, didYouMean, refuse } from "./errors";
import { regionPattern } from "./fields";
import type { CheckedEnvironment } from "./schema";
import { profileProblems } from "./suffix";
import { validateEnvironment } from "./validate";
import type { Variables } from "./variables";

/**
 * The environments' files, each against the schema, and all against each other.
 * @throws ConfigError with everything that is wrong
 */
export function checkSources(given: readonly unknown[], variables: Variables): CheckedEnvironment[] {
  const results = given.map((source, index) =>
    validateEnvironment(withAccountOverride(source, variables), labelOf(source, index)),
  );
  const valid = results.flatMap((result) => (result.ok ? [result.value] : []));
  refuse([
    ...results.flatMap((result) => (result.ok ? [] : result.problems)),
    ...valid.flatMap(regionKeyProblems),
    ...valid.flatMap(recoveryProblems),
    ...valid.flatMap(deliveryProblems),
    ...valid.flatMap(streamProblems),
    ...valid.flatMap(bedrockProblems),
    ...valid.flatMap(userPoolProblems),
    ...valid.flatMap(profileProblems),
    ...accountVariableProblems(given, variables),
    ...sameNameProblems(valid),
    ...sameDomainProblems(valid),
    ...sharedAccountProblems(valid),
    ...differingQuotaProblems(valid),
    ...differingRecoveryProblems(valid),
    ...overlapProblems(valid),
  ]);
  return valid;
}

function labelOf(source: unknown, index: number): string {
  const name = (source as { environment?: unknown } | undefined)?.environment;
  return typeof name === "string" && name !== "" ? name : `environment ${index + 1}`;
}

function accountVariable(environment: string): string {
  return `TAP_${environment.toUpperCase()}_ACCOUNT_ID`;
}

function withAccountOverride(source: unknown, variables: Variables): unknown {
  const name = (source as { environment?: unknown } | undefined)?.environment;
  const override = typeof name === "string" ? variables[accountVariable(name)] : undefined;
  return override ? { ...(source as object), accountId: override } : source;
}

function accountVariableProblems(given: readonly unknown[], variables: Variables): ConfigProblem[] {
  const valid = given.map((source, index) => accountVariable(labelOf(source, index)));
  return Object.keys(variables)
    .filter((name) => /^TAP_.*_ACCOUNT_ID$/.test(name) && !valid.includes(name))
    .map((name) => ({
      path: name,
      message: `names no environment of config/${didYouMean(name, valid)}; valid are ${valid.join(", ")}`,
    }));
}

function regionKeyProblems({ environment, regions }: CheckedEnvironment): ConfigProblem[] {
  return Object.entries(regions).flatMap(([region, { zoneIds }]) => {
    const path = `${environment}.regions.${region}`;
    if (!regionPattern.test(region)) return [{ path, message: "is no commercial AWS region, e.g. us-east-1" }];
    return zoneIds
      .filter((zoneId) => !zoneId.startsWith(`${zonePrefix(region)}-az`))
      .map((zoneId) => ({
        path: `${path}.zoneIds`,
        value: zoneId,
        message: `is no zone of ${region}; its ids start with ${zonePrefix(region)}-az`,
      }));
  });
}

/** A second region is one of the environment's, and not the one where data are made; a failover goes from there to it. */
function recoveryProblems({ environment, primaryRegion, regions, recovery }: CheckedEnvironment): ConfigProblem[] {
  const { secondRegion, failedOverFrom } = recovery;
  const second = { path: `${environment}.recovery.secondRegion`, value: secondRegion };
  const from = { path: `${environment}.recovery.failedOverFrom`, value: failedOverFrom };
  const names = Object.keys(regions);
  if (secondRegion === "none")
    return failedOverFrom === undefined
      ? []
      : [{ ...from, message: "needs a secondRegion: without one there are no replicas" }];
  // A variable must not decide where data are.
  if (primaryRegion === undefined)
    return [{ ...second, message: "needs primaryRegion: where data are replicated from" }];
  const home = failedOverFrom ?? primaryRegion;
  const others = names.filter((name) => name !== home);
  if (failedOverFrom !== undefined && (failedOverFrom === primaryRegion || !names.includes(failedOverFrom)))
    return [
      {
        ...from,
        message: `must be the region that was primaryRegion before ${primaryRegion}: ${names.filter((name) => name !== primaryRegion).join(", ") || "there is none"}`,
      },
    ];
  if (!others.includes(secondRegion))
    return [
      { ...second, message: `must be one of the environment's other regions: ${others.join(", ") || "there is none"}` },
    ];
  return failedOverFrom === undefined || primaryRegion === secondRegion
    ? []
    : [{ ...from, message: `needs primaryRegion: "${secondRegion}", where the replicas are (given ${primaryRegion})` }];
}

/** What nobody can remove keeps its environment from being destroyed, whatever that one says. */
function deliveryProblems({ environment, deletionProtection, delivery }: CheckedEnvironment): ConfigProblem[] {
  if (delivery.releaseLockMode !== "COMPLIANCE" || deletionProtection) return [];
  return [
    {
      path: `${environment}.delivery.releaseLockMode`,
      value: delivery.releaseLockMode,
      message:
        "needs deletionProtection: nobody can remove such releases, and so the bucket stays; GOVERNANCE lets the environment be destroyed",
    },
  ];
}

/** What of a stream's settings contradicts another. */
function streamProblems({ environment, stream }: CheckedEnvironment): ConfigProblem[] {
  const { kinesis, consumer, consume, secret } = stream;
  const problems: ConfigProblem[] = [];
  if (consume.reservedConcurrency < kinesis.shardCount)
    problems.push({
      path: `${environment}.stream.consume.reservedConcurrency`,
      value: consume.reservedConcurrency,
      message: `must be at least kinesis.shardCount (${kinesis.shardCount}): Lambda reads each shard by an invocation of its own`,
    });
  if (consumer.maximumRecordAgeHours >= kinesis.retentionHours)
    problems.push({
      path: `${environment}.stream.consumer.maximumRecordAgeHours`,
      value: consumer.maximumRecordAgeHours,
      message: `must be less than kinesis.retentionHours (${kinesis.retentionHours}): what a dead letter points at must still be on the stream`,
    });
  // A rotation falls anywhere in its day (Secrets Manager user guide, schedule expressions), and what it made is used a little later.
  if (kinesis.retentionHours + 25 > secret.rotationDays * 24)
    problems.push({
      path: `${environment}.stream.secret.rotationDays`,
      value: secret.rotationDays,
      message: `must be a day more than kinesis.retentionHours (${kinesis.retentionHours}) at least: a key is good for one rotation more, and so must be what it signed`,
    });
  return problems;
}

/** Users of another account's pool, or of a region that may be lost alone, are nobody's here. */
function userPoolProblems({ environment, accountId, regions, files }: CheckedEnvironment): ConfigProblem[] {
  return files.userPoolArns.flatMap((arn, index) => {
    const [, , , region = "", account] = arn.split(":");
    return account === accountId && region in regions
      ? []
      : [
          {
            path: `${environment}.files.userPoolArns.${index}`,
            value: arn,
            message: `must be of the account ${accountId}, in one of its regions: ${Object.keys(regions).join(", ")}`,
          },
        ];
  });
}

/** Functions in an isolated network reach Bedrock through its endpoint alone. */
function bedrockProblems({ environment, files, network }: CheckedEnvironment): ConfigProblem[] {
  const isThere = network.interfaceEndpoints.includes("bedrock-runtime");
  return files.bedrock.models.length === 0 || isThere
    ? []
    : [
        {
          path: `${environment}.files.bedrock.models`,
          message:
            'needs "bedrock-runtime" among network.interfaceEndpoints: the functions reach Bedrock in no other way',
        },
      ];
}

/** What an account has once, its states among it, goes one way. */
function differingRecoveryProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  return pairsInOneAccount(environments).flatMap(([{ environment, recovery }, other]) =>
    (["secondRegion", "failedOverFrom"] as const)
      .filter((key) => recovery[key] !== other.recovery[key])
      .map((key) => ({
        path: `${environment}.recovery.${key}`,
        value: recovery[key],
        message: `must be that of ${other.environment} (${other.recovery[key] ?? "none"}), which is in the same account: they share states and roles`,
      })),
  );
}

/** `use1` of us-east-1, `apse2` of ap-southeast-2: how zone ids of a region start. */
function zonePrefix(region: string): string {
  const [area = "", direction = "", number = ""] = region.split("-");
  const letters = direction.replaceAll(/north|south|east|west|central/g, (word) => word.charAt(0));
  return `${area}${letters}${number}`;
}

function sameNameProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  const names = environments.flatMap(({ environment, shortLived }) => [environment, ...(shortLived?.suffixes ?? [])]);
  return [
    ...names
      .filter((name, index) => names.indexOf(name) !== index)
      .map((name) => ({
        path: "environment",
        value: name,
        message: "is declared twice; each environment and each suffix has a name of its own",
      })),
    ...environments
      .filter(({ shortLived }) => shortLived !== undefined)
      .slice(1)
      .map(({ environment }) => ({
        path: `${environment}.shortLived`,
        message: "stands in a second environment; short-lived ones are made from one",
      })),
  ];
}

/** Two environments of one domain would each get some of the other's callers. */
function sameDomainProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  return environments.flatMap(({ environment, api: { domain } }, index) => {
    const other = environments.slice(0, index).find(({ api }) => domain && api.domain?.name === domain.name);
    return domain === undefined || other === undefined
      ? []
      : [
          {
            path: `${environment}.api.domain.name`,
            value: domain.name,
            message: `is the domain of ${other.environment} too; each environment has one of its own`,
          },
        ];
  });
}

function sharedAccountProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  return pairsInOneAccount(environments)
    .filter(([environment, other]) => !(other.sharedAccount && environment.sharedAccount))
    .map(([{ environment, accountId }, other]) => ({
      path: `${environment}.accountId`,
      value: accountId,
      message: `is the account of ${other.environment} too; give it one of its own, or set sharedAccount: true in both`,
    }));
}

function differingQuotaProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  return pairsInOneAccount(environments)
    .filter(([environment, other]) => !isDeepStrictEqual(other.accountQuotas, environment.accountQuotas))
    .map(([{ environment, accountQuotas }, other]) => ({
      path: `${environment}.accountQuotas`,
      value: accountQuotas,
      message: `must be those of ${other.environment}, which is in the same account`,
    }));
}

/** The later one of the list first. */
function pairsInOneAccount(environments: readonly CheckedEnvironment[]): [CheckedEnvironment, CheckedEnvironment][] {
  return environments.flatMap((environment, index) =>
    environments
      .slice(0, index)
      .filter((other) => other.accountId === environment.accountId)
      .map((other): [CheckedEnvironment, CheckedEnvironment] => [environment, other]),
  );
}

function overlapProblems(environments: readonly CheckedEnvironment[]): ConfigProblem[] {
  const ranges = environments.flatMap(({ environment, regions, shortLived }) => [
    ...Object.entries(regions).map(([region, { cidrBlock }]) => ({
      path: `${environment}.regions.${region}.cidrBlock`,
      cidr: cidrBlock,
    })),
    ...(shortLived ? [{ path: `${environment}.shortLived.cidrPool`, cidr: shortLived.cidrPool }] : []),
  ]);
  return overlapping(ranges).map(([range, other]) => ({
    path: range.path,
    value: range.cidr,
    message: `overlaps ${other.path} (${other.cidr}); ranges overlap nowhere`,
  }));
}

import type { Environment } from "../../../config/environment";
import type { Graph } from "../../graph/model";
import { blocksOf } from "../../graph/terraform-json";
import { stagesOf, throttlingOf } from "../api-stage";
import { jobsParts } from "../jobs";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement, type Subject, sameJson } from "../requirement";
import type { StackJson } from "../stack-json";

/** A column of the table on top of the requirements. */
interface Column {
  readonly regions: readonly [primary: string, second: string];
  readonly memoryMb: number;
  readonly reservedConcurrency: number;
  readonly requestsPerSecond: number;
  /** Undefined where results are kept. */
  readonly bucketDays: number | undefined;
  readonly queueDays: number;
  readonly pointInTimeRecovery: boolean;
  readonly destroyable: boolean;
}

/** Written out a second time: what the configuration says is what is judged. */
const table: Readonly<Record<string, Column>> = {
  dev: {
    regions: ["us-east-1", "us-west-2"],
    memoryMb: 512,
    reservedConcurrency: 10,
    requestsPerSecond: 100,
    bucketDays: 30,
    queueDays: 4,
    pointInTimeRecovery: false,
    destroyable: true,
  },
  staging: {
    regions: ["us-east-2", "us-west-2"],
    memoryMb: 1_024,
    reservedConcurrency: 50,
    requestsPerSecond: 500,
    bucketDays: 90,
    queueDays: 10,
    pointInTimeRecovery: false,
    destroyable: true,
  },
  prod: {
    regions: ["us-east-1", "us-west-2"],
    memoryMb: 2_048,
    reservedConcurrency: 200,
    requestsPerSecond: 2_000,
    bucketDays: undefined,
    queueDays: 14,
    pointInTimeRecovery: true,
    destroyable: false,
  },
};

const zones = 3;
const secondsPerDay = 86_400;

export const plat03: Requirement = {
  id: "PLAT-03",
  checks:
    "Account, regions, zones, protection, and the jobs' memory, concurrency, throttling, retention and recovery are those of the table of environments; a short-lived environment has dev's, with the smaller concurrency of its profile.",
  why: "What differs from the table was tried in one environment and meets people in another.",
  judge: (subject) => [
    ...accounts(subject),
    ...judgeEach(subject, "all", (stack, environment) => [
      ...inAccount(stack, environment),
      ...column(stack, environment),
    ]),
    ...judgeEach(subject, "jobs", (stack, environment) =>
      withColumn(environment, (values) => jobs(subject.graph, stack, environment, values)),
    ),
    ...judgeEach(subject, "network", (stack) => threeZones(subject.graph, stack)),
    ...subject.environments.flatMap((environment) =>
      withColumn(environment, (values) => regions(subject, environment, values)),
    ),
  ],
};

function withColumn(environment: Environment, judge: (values: Column) => Finding[]): Finding[] {
  const values = table[environment.name];
  return values === undefined ? [] : judge(values);
}

function column(stack: StackJson, { name }: Environment): Finding[] {
  return expectThat(
    name in table,
    stack,
    `has the settings of ${name}, of which the table of environments knows nothing`,
  );
}

/** A stack is for its environment's account alone; declared environments share none, unless they say so. */
function inAccount(stack: StackJson, { accountId }: Environment): Finding[] {
  return expectThat(
    (stack.json.provider?.aws ?? []).every(({ allowed_account_ids }) => sameJson(allowed_account_ids, [accountId])),
    stack,
    `must be for the account ${accountId} alone`,
  );
}

function accounts({ environments }: Subject): Finding[] {
  const declared = environments.filter(({ name, environmentSuffix }) => name === environmentSuffix);
  return declared.flatMap((environment, index) =>
    declared
      .slice(0, index)
      .filter(
        (other) => other.accountId === environment.accountId && !(other.sharedAccount && environment.sharedAccount),
      )
      .map((other) => ({
        message: `${environment.environmentSuffix} is in ${other.environmentSuffix}'s account, and sharedAccount doesn't say so`,
      })),
  );
}

/** The network is in both regions, the jobs in the primary one; there may be more. */
function regions(
  { stacks }: Subject,
  { environmentSuffix }: Environment,
  { regions: [primary, second] }: Column,
): Finding[] {
  const wanted = [
    `tap-network-${environmentSuffix}-${primary}`,
    `tap-network-${environmentSuffix}-${second}`,
    `tap-jobs-${environmentSuffix}-${primary}`,
  ];
  return wanted
    .filter((id) => !stacks.some((stack) => stack.id === id))
    .map((id) => ({ stack: id, message: "is missing: it is in a region of the table" }));
}

function threeZones(graph: Graph, stack: StackJson): Finding[] {
  const ids = nodesIn(graph, stack, "aws_subnet").map(({ attributes }) => attributes.availability_zone_id);
  return expectThat(
    ids.length === zones && new Set(ids).size === zones && !ids.includes(undefined),
    stack,
    `must have a subnet in each of ${zones} zones`,
  );
}

function jobs(graph: Graph, stack: StackJson, environment: Environment, values: Column): Finding[] {
  return [
    ...worker(graph, stack, environment, values),
    ...throttling(graph, stack, values),
    ...retention(graph, stack, values),
    ...recovery(graph, stack, values),
    ...protection(graph, stack, values),
  ];
}

function worker(graph: Graph, stack: StackJson, environment: Environment, values: Column): Finding[] {
  const { worker: lambda } = jobsParts(graph, stack);
  const { memory_size, reserved_concurrent_executions } = lambda?.attributes ?? {};
  const isShortLived = environment.environmentSuffix !== environment.name;
  const { reservedConcurrency } = environment.jobs.lambda;
  const concurrency = isShortLived ? reservedConcurrency : values.reservedConcurrency;
  return [
    ...expectThat(
      memory_size === values.memoryMb,
      stack,
      `must have a worker of ${values.memoryMb} MB`,
      lambda?.address,
    ),
    ...expectThat(
      reserved_concurrent_executions === concurrency && (!isShortLived || concurrency < values.reservedConcurrency),
      stack,
      `must have a worker with ${isShortLived ? `less than ${values.reservedConcurrency}` : concurrency} of reserved concurrency`,
      lambda?.address,
    ),
  ];
}

function throttling(graph: Graph, stack: StackJson, { requestsPerSecond }: Column): Finding[] {
  const { restApi } = jobsParts(graph, stack);
  const rates = restApi ? stagesOf(graph, restApi).map((stage) => throttlingOf(graph, restApi, stage)?.rate) : [];
  return expectThat(
    sameJson(rates, [requestsPerSecond]),
    stack,
    `must have one stage, which takes ${requestsPerSecond} requests a second`,
    restApi?.address,
  );
}

function retention(graph: Graph, stack: StackJson, { bucketDays, queueDays }: Column): Finding[] {
  const { queue, bucket } = jobsParts(graph, stack);
  const rules = nodesIn(graph, stack, "aws_s3_bucket_lifecycle_configuration")
    .filter((node) => bucket !== undefined && graph.resolve(node.attributes.bucket, node.stack) === bucket)
    .flatMap(({ attributes }) => blocksOf(attributes, "rule"));
  const expirations = rules.flatMap((rule) => blocksOf(rule, "expiration"));
  return [
    ...expectThat(
      queue?.attributes.message_retention_seconds === queueDays * secondsPerDay,
      stack,
      `must keep messages ${queueDays} days`,
      queue?.address,
    ),
    ...expectThat(
      bucket !== undefined && sameJson(expirations, bucketDays === undefined ? [] : [{ days: bucketDays }]),
      stack,
      bucketDays === undefined ? "must keep results" : `must keep results ${bucketDays} days`,
      bucket?.address,
    ),
  ];
}

function recovery(graph: Graph, stack: StackJson, { pointInTimeRecovery }: Column): Finding[] {
  const { table: jobsTable } = jobsParts(graph, stack);
  const enabled = blocksOf(jobsTable?.attributes ?? {}, "point_in_time_recovery").map((block) => block.enabled);
  return expectThat(
    jobsTable !== undefined && sameJson(enabled.length === 0 ? [false] : enabled, [pointInTimeRecovery]),
    stack,
    `must have point-in-time recovery ${pointInTimeRecovery ? "on" : "off"}`,
    jobsTable?.address,
  );
}

function protection(graph: Graph, stack: StackJson, { destroyable }: Column): Finding[] {
  const { bucket, table: jobsTable } = jobsParts(graph, stack);
  return [bucket, jobsTable].flatMap((node) => {
    const { lifecycle, force_destroy = false, deletion_protection_enabled = false } = node?.attributes ?? {};
    const isKept = (lifecycle as { prevent_destroy?: unknown } | undefined)?.prevent_destroy ?? false;
    const goes = node?.type === "aws_s3_bucket" ? force_destroy : deletion_protection_enabled !== true;
    return expectThat(
      node !== undefined && isKept === !destroyable && goes === destroyable,
      stack,
      destroyable ? "must go with the environment" : "must be protected from deletion",
      node?.address,
    );
  });
}

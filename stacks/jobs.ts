import type { Construct } from "constructs";
import { CustomerKey } from "../constructs/customer-key";
import { EncryptedBucket } from "../constructs/encrypted-bucket";
import { FunctionNetwork } from "../constructs/function-network";
import { functionOutputs, NodeFunction } from "../constructs/node-function";
import { Queue } from "../constructs/queue";
import { QueueEventSource } from "../constructs/queue-event-source";
import { RestApi } from "../constructs/rest-api";
import { RuntimeSettings } from "../constructs/runtime-settings";
import { Table } from "../constructs/table";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";
import { jobs } from "../routes/jobs";

/** Seconds of the functions behind the gateway (API-05), and of the worker. */
const timeoutSeconds = 30;

/** Days after which results move to Intelligent-Tiering (PLAT-06). */
const tieringDays = 30;

type FunctionName = "submit" | "follow" | "work";

/** The workload of the platform (PLAT-03…07, 18): jobs are submitted, queued, worked on, and followed. */
export class JobsStack extends TapStack {
  private readonly key: CustomerKey;
  private readonly network: FunctionNetwork;

  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "jobs" });
    this.key = new CustomerKey(this, "Key", { description: "Jobs: results, table, queue, functions and logs" });
    this.network = new FunctionNetwork(this, "Network", { description: "Functions of the jobs" });

    const bucket = this.createBucket();
    const table = this.createTable();
    const queue = this.createQueue();
    const functions = this.createFunctions({ bucket, table, queue });
    this.work(functions.work, queue);
    const restApi = this.createRestApi(functions);

    this.addOutputs({
      rest_api_id: { description: "Id of the REST API of the jobs", value: restApi.id },
      invoke_url: { description: "Where the API is; paths come behind it", value: restApi.invokeUrl },
      stage_arn: { description: "ARN of the API's stage", value: restApi.stageArn },
      bucket_name: { description: "Bucket of the results", value: bucket.bucket },
      bucket_arn: { description: "ARN of the bucket of the results", value: bucket.arn },
      table_name: { description: "Table of the jobs", value: table.name },
      table_arn: { description: "ARN of the table of the jobs", value: table.arn },
      queue_name: { description: "Queue of the jobs", value: queue.name },
      queue_arn: { description: "ARN of the queue of the jobs", value: queue.arn },
      dead_letter_queue_name: { description: "Queue of jobs that failed", value: queue.deadLetters.name },
      dead_letter_queue_arn: { description: "ARN of the queue of jobs that failed", value: queue.deadLetters.arn },
      ...functionOutputs(functions),
    });
  }

  private createBucket(): EncryptedBucket {
    const { expirationDays } = this.environment.jobs.bucket;
    return new EncryptedBucket(this, "Results", {
      resource: "results",
      key: this.key,
      ...(expirationDays === "never" ? {} : { expirationDays }),
      noncurrentVersionExpirationDays: tieringDays,
      intelligentTieringAfterDays: tieringDays,
    });
  }

  private createTable(): Table {
    const { pointInTimeRecovery } = this.environment.jobs.table;
    return new Table(this, "Table", { key: this.key, partitionKey: "id", pointInTimeRecovery });
  }

  private createQueue(): Queue {
    const { messageRetentionDays, maxReceiveCount } = this.environment.jobs.queue;
    return new Queue(this, "Queue", {
      key: this.key,
      visibilityTimeoutSeconds: 6 * timeoutSeconds,
      messageRetentionDays,
      maxReceiveCount,
    });
  }

  private createFunctions({ bucket, table, queue }: { bucket: EncryptedBucket; table: Table; queue: Queue }) {
    const { jobs: settings } = this.environment;
    const config = this.createSettings();
    const ALLOWED_ORIGINS = settings.allowedOrigins.join(",");
    const TABLE_NAME = table.name;
    const BUCKET_NAME = bucket.bucket;
    const submit = this.createFunction("submit", "Takes a job in", settings.submit, {
      TABLE_NAME,
      ALLOWED_ORIGINS,
      QUEUE_URL: queue.url,
    });
    const follow = this.createFunction("follow", "Says how far a job is", settings.follow, {
      TABLE_NAME,
      ALLOWED_ORIGINS,
      BUCKET_NAME,
    });
    const work = this.createFunction("work", "Does the jobs", settings.lambda, {
      TABLE_NAME,
      BUCKET_NAME,
      QUEUE_URL: queue.url,
      DEAD_LETTER_QUEUE_URL: queue.deadLetters.url,
      MAX_RECEIVE_COUNT: String(settings.queue.maxReceiveCount),
      CONFIG_PATH: config.path,
    });
    table.grant(submit, ["dynamodb:GetItem", "dynamodb:PutItem"]);
    table.grant(follow, ["dynamodb:GetItem"]);
    table.grant(work, ["dynamodb:GetItem", "dynamodb:UpdateItem"]);
    queue.grantSend(submit);
    queue.grantSend(work);
    queue.deadLetters.grantSend(work);
    bucket.grantObjects(work, { "results/*": ["s3:PutObject"] });
    bucket.grantObjects(follow, { "results/*": ["s3:GetObject"] });
    config.grantRead(work);
    return { submit, follow, work };
  }

  /** What operators change while jobs are worked on; functions/jobs/settings.ts reads them. */
  private createSettings(): RuntimeSettings {
    return new RuntimeSettings(this, "Config", {
      settings: {
        paused: { description: "Whether the worker rests: true or false", initialValue: "false" },
        "maximum-input-bytes": { description: "Longest input of a job, bytes of JSON", initialValue: "250000" },
      },
    });
  }

  private createFunction(
    name: FunctionName,
    description: string,
    { memorySizeMb, reservedConcurrency }: { memorySizeMb: number; reservedConcurrency: number },
    environmentVariables: Record<string, string>,
  ): NodeFunction {
    return new NodeFunction(this, name, {
      entry: `jobs/${name}`,
      description,
      key: this.key,
      network: this.network,
      timeoutSeconds,
      memorySizeMb,
      reservedConcurrency,
      environmentVariables,
    });
  }

  private work(work: NodeFunction, queue: Queue): void {
    const { reservedConcurrency } = this.environment.jobs.lambda;
    new QueueEventSource(this, "Jobs", { function: work, queue, maximumConcurrency: reservedConcurrency });
  }

  private createRestApi({ submit, follow }: Record<FunctionName, NodeFunction>): RestApi {
    const { allowedOrigins, clients, api } = this.environment.jobs;
    const throttling = { rateLimit: api.throttlingRateLimit, burstLimit: api.throttlingBurstLimit };
    return new RestApi(this, "RestApi", {
      definition: jobs,
      functions: { submit, follow },
      key: this.key,
      allowedOrigins,
      throttling,
      usagePlan: throttling,
      clients,
      // Inputs of jobs may be longer than AWS's rules take.
      webAcl: { requestsPerAddress: api.requestsPerAddress, largeBodies: "count" },
    });
  }
}

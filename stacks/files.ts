import type { Construct } from "constructs";
import { BucketNotifications, sentByBucket } from "../constructs/bucket-notifications";
import { CustomerKey } from "../constructs/customer-key";
import { EncryptedBucket } from "../constructs/encrypted-bucket";
import { FunctionNetwork } from "../constructs/function-network";
import { functionOutputs, NodeFunction } from "../constructs/node-function";
import { Queue } from "../constructs/queue";
import { QueueEventSource } from "../constructs/queue-event-source";
import { RestApi } from "../constructs/rest-api";
import { RuntimeSettings } from "../constructs/runtime-settings";
import { Table } from "../constructs/table";
import { type Output, TapStack, type TapStackProps } from "../constructs/tap-stack";
import { files } from "../routes/files";

/** Days that logs are kept (FIL-09). */
const logRetentionDays = 7;
/** Days after which old versions of files are removed (FIL-01), and files move to Intelligent-Tiering. */
const oldVersionDays = 30;
/** Seconds of the function behind the gateway (API-05). */
const catalogTimeoutSeconds = 30;
/** Requests of each client: 100 a minute, which the gateway counts by the second, and 200 at once (FIL-07). */
const clientThrottling = { rateLimit: 1.67, burstLimit: 200 };

/** A kind of files. */
interface ProcessorSettings {
  /** What its queue is called: not as the function is, whose dead letters have that name. */
  readonly queue: string;
  readonly description: string;
  /** What their names end with (FIL-02). */
  readonly suffixes: readonly string[];
  /** Seconds that one file may take. */
  readonly timeoutSeconds: number;
  /** Which of the settings its code reads. */
  readonly settings: readonly ("paused" | "model")[];
  /** Whether it may ask a model about a file (FIL-04). */
  readonly callsModels: boolean;
}

const processors = {
  image: {
    queue: "images",
    description: "Makes thumbnails of images",
    suffixes: [".jpg", ".jpeg", ".png"],
    timeoutSeconds: 120,
    settings: ["paused", "model"],
    callsModels: true,
  },
  document: {
    queue: "documents",
    description: "Reads the text of documents",
    suffixes: [".pdf", ".txt"],
    timeoutSeconds: 300,
    settings: ["paused", "model"],
    callsModels: true,
  },
  data: {
    queue: "datasets",
    description: "Describes the columns of data",
    suffixes: [".csv", ".json"],
    timeoutSeconds: 900,
    settings: ["paused"],
    callsModels: false,
  },
} as const satisfies Record<string, ProcessorSettings>;

type ProcessorName = keyof typeof processors;
const processorNames = Object.keys(processors) as ProcessorName[];

/** What a processor is made of, beside what all share. */
interface Processor {
  readonly queue: Queue;
  readonly function: NodeFunction;
}

/**
 * File processing (FIL-01…12): files are uploaded by presigned URLs; S3 tells the queue of their kind, whose function
 * looks into them and puts down what it found, or why it couldn't.
 */
export class FilesStack extends TapStack {
  private readonly key: CustomerKey;
  private readonly network: FunctionNetwork;
  private readonly bucket: EncryptedBucket;
  private readonly table: Table;

  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "files" });
    this.key = new CustomerKey(this, "Key", {
      description: "Files: uploads, results, table, queues, functions and logs",
    });
    this.network = new FunctionNetwork(this, "Network", { description: "Functions of the files" });
    this.bucket = this.createBucket();
    this.table = this.createTable();

    const catalog = this.createCatalog();
    const config = this.createSettings();
    const all = Object.fromEntries(processorNames.map((name) => [name, this.createProcessor(name, config)])) as Record<
      ProcessorName,
      Processor
    >;
    this.notify(all);
    const restApi = this.createRestApi(catalog);

    this.addOutputs({
      rest_api_id: { description: "Id of the REST API of the files", value: restApi.id },
      invoke_url: { description: "Where the API is; paths come behind it", value: restApi.invokeUrl },
      stage_arn: { description: "ARN of the API's stage", value: restApi.stageArn },
      bucket_name: { description: "Bucket of uploads and results", value: this.bucket.bucket },
      bucket_arn: { description: "ARN of the bucket of uploads and results", value: this.bucket.arn },
      table_name: { description: "Table of the files", value: this.table.name },
      table_arn: { description: "ARN of the table of the files", value: this.table.arn },
      ...Object.assign({}, ...processorNames.map((name) => queueOutputs(name, all[name].queue))),
      ...functionOutputs({ catalog }),
      ...functionOutputs(Object.fromEntries(processorNames.map((name) => [name, all[name].function]))),
    });
  }

  private createBucket(): EncryptedBucket {
    const { bucket, allowedOrigins } = this.environment.files;
    return new EncryptedBucket(this, "Bucket", {
      resource: "uploads",
      key: this.key,
      ...(bucket.expirationDays === "never" ? {} : { expirationDays: bucket.expirationDays }),
      noncurrentVersionExpirationDays: oldVersionDays,
      intelligentTieringAfterDays: oldVersionDays,
      allowedOrigins,
    });
  }

  /** An item for each file, and one for each of its versions. */
  private createTable(): Table {
    return new Table(this, "Table", {
      key: this.key,
      partitionKey: "id",
      sortKey: "version",
      indexes: { "by-owner": { partitionKey: "owner", sortKey: "createdAt" } },
      pointInTimeRecovery: true,
      expiryAttribute: "expiresAt",
    });
  }

  private createCatalog(): NodeFunction {
    const { catalog: settings, allowedOrigins } = this.environment.files;
    const catalog = new NodeFunction(this, "catalog", {
      entry: "files/catalog",
      description: "Takes uploads in, lists, shows and deletes files",
      key: this.key,
      network: this.network,
      timeoutSeconds: catalogTimeoutSeconds,
      logRetentionDays,
      ...settings,
      environmentVariables: {
        TABLE_NAME: this.table.name,
        BUCKET_NAME: this.bucket.bucket,
        ALLOWED_ORIGINS: allowedOrigins.join(","),
      },
    });
    this.table.grant(catalog, ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]);
    this.table.grantIndex(catalog, "by-owner");
    // Presigned URLs have the rights of who made them.
    this.bucket.grantObjects(catalog, {
      "uploads/*": ["s3:DeleteObject", "s3:GetObjectVersion", "s3:PutObject"],
      "results/*": ["s3:DeleteObject", "s3:GetObject"],
    });
    return catalog;
  }

  /** What operators change while files are worked on; functions/files/settings.ts reads them. */
  private createSettings(): RuntimeSettings {
    return new RuntimeSettings(this, "Config", {
      settings: {
        paused: { description: "Whether the processors rest: true or false", initialValue: "false" },
        model: {
          description:
            "Id of the inference profile that sums up documents and labels images, of those that the configuration allows; any other value: none",
          initialValue: "none",
        },
      },
    });
  }

  private createProcessor(name: ProcessorName, config: RuntimeSettings): Processor {
    const { description, timeoutSeconds } = processors[name];
    const { bedrock, queue: queueSettings, [name]: settings } = this.environment.files;
    const queue = new Queue(this, `${name}Queue`, {
      resource: processors[name].queue,
      key: this.key,
      visibilityTimeoutSeconds: 6 * timeoutSeconds,
      ...queueSettings,
      statements: sentByBucket(this, this.bucket.arn, this.key),
    });
    const lambda = new NodeFunction(this, name, {
      entry: `files/${name}`,
      description,
      key: this.key,
      network: this.network,
      timeoutSeconds,
      logRetentionDays,
      ...settings,
      environmentVariables: {
        TABLE_NAME: this.table.name,
        BUCKET_NAME: this.bucket.bucket,
        QUEUE_URL: queue.url,
        DEAD_LETTER_QUEUE_URL: queue.deadLetters.url,
        // The queue's last receive is for saying why: of a file that ends its process, nobody else would.
        MAX_RECEIVE_COUNT: String(queueSettings.maxReceiveCount - 1),
        CONFIG_PATH: config.path,
        ...(processors[name].callsModels && {
          MODEL_IDS: bedrock.models.map(({ profileId }) => profileId).join(","),
          MODEL_DAILY_BUDGET: String(bedrock.dailyTokens),
        }),
      },
    });
    this.table.grant(lambda, ["dynamodb:GetItem", "dynamodb:UpdateItem"]);
    this.bucket.grantObjects(lambda, { "uploads/*": ["s3:GetObjectVersion"], "results/*": ["s3:PutObject"] });
    queue.grantSend(lambda);
    queue.deadLetters.grantSend(lambda);
    config.grantRead(lambda, processors[name].settings);
    if (processors[name].callsModels) this.allowModels(lambda);
    // A file at a time: what one does to its process is not to touch another.
    const { reservedConcurrency } = settings;
    new QueueEventSource(this, `${name}Files`, {
      function: lambda,
      queue,
      batchSize: 1,
      maximumConcurrency: reservedConcurrency,
    });
    return { queue, function: lambda };
  }

  /** The allowed models and no other: each inference profile, and its model in the regions that it routes to (Bedrock user guide, prerequisites for inference profiles). */
  private allowModels(lambda: NodeFunction): void {
    const { models } = this.environment.files.bedrock;
    if (models.length === 0) return;
    const profiles = models.map(({ profileId }) => this.arnOf("bedrock", `inference-profile/${profileId}`));
    lambda.allowDataAccess(
      { sid: "InvokeProfiles", actions: ["bedrock:InvokeModel"], resources: profiles },
      ...models.map(({ profileId, regions }, index) => ({
        sid: `InvokeModel${index + 1}`,
        actions: ["bedrock:InvokeModel"],
        resources: regions.map(
          (region) => `arn:aws:bedrock:${region}::foundation-model/${profileId.replace(/^[^.]+\./, "")}`,
        ),
        conditions: { StringEquals: { "bedrock:InferenceProfileArn": profiles[index] as string } },
      })),
    );
  }

  /** By what the keys end with, in lower case as the API makes them, and in upper case as cameras do. */
  private notify(all: Record<ProcessorName, Processor>): void {
    new BucketNotifications(this, "Notifications", {
      bucket: this.bucket,
      queues: Object.fromEntries(
        processorNames.map((name) => {
          const suffixes = processors[name].suffixes.flatMap((suffix) => [suffix, suffix.toUpperCase()]);
          return [name, { queue: all[name].queue, prefix: "uploads/", suffixes }];
        }),
      ),
    });
  }

  private createRestApi(catalog: NodeFunction): RestApi {
    const { allowedOrigins, clients, userPoolArns, api } = this.environment.files;
    return new RestApi(this, "RestApi", {
      definition: files,
      functions: { catalog },
      key: this.key,
      allowedOrigins,
      throttling: { rateLimit: api.throttlingRateLimit, burstLimit: api.throttlingBurstLimit },
      usagePlan: clientThrottling,
      clients,
      userPoolArns,
      // Addresses are personal data (FIL-09).
      webAcl: { requestsPerAddress: api.requestsPerAddress, logged: "refused" },
      logRetentionDays,
    });
  }
}

function queueOutputs(name: ProcessorName, { name: queueName, arn, deadLetters }: Queue): Record<string, Output> {
  return {
    [`${name}_queue_name`]: { description: `Queue of the files of the processor ${name}`, value: queueName },
    [`${name}_queue_arn`]: { description: `ARN of the queue of the processor ${name}`, value: arn },
    [`${name}_dead_letter_queue_name`]: {
      description: `Queue of messages that the processor ${name} failed at`,
      value: deadLetters.name,
    },
    [`${name}_dead_letter_queue_arn`]: {
      description: `ARN of the queue of messages that the processor ${name} failed at`,
      value: deadLetters.arn,
    },
  };
}

import type { Construct } from "constructs";
import { BucketNotifications, sentByBucket } from "../constructs/bucket-notifications";
import { CustomerKey } from "../constructs/customer-key";
import { DataStream } from "../constructs/data-stream";
import { EncryptedBucket } from "../constructs/encrypted-bucket";
import { FunctionNetwork } from "../constructs/function-network";
import { functionOutputs, NodeFunction } from "../constructs/node-function";
import { Queue } from "../constructs/queue";
import { QueueEventSource } from "../constructs/queue-event-source";
import { RestApi } from "../constructs/rest-api";
import { RotatedSecret } from "../constructs/rotated-secret";
import { StreamEventSource } from "../constructs/stream-event-source";
import { Table } from "../constructs/table";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";
import { stream } from "../routes/stream";

/** Seconds of the functions behind the gateway (API-05), and of the one that makes keys. */
const timeoutSeconds = 30;
/** Seconds for a batch of the stream, and for as much of a landed object as it takes; it goes on in a further invocation. */
const consumeTimeoutSeconds = 120;
const importTimeoutSeconds = 300;

/** Days after which what is stored moves to Intelligent-Tiering, and old versions of it are removed. */
const tieringDays = 30;

type FunctionName = "health" | "ingest" | "consume" | "import" | "rotate";

/** What the functions work with. */
interface Parts {
  readonly stream: DataStream;
  readonly secret: RotatedSecret;
  readonly table: Table;
  readonly bucket: EncryptedBucket;
  readonly imports: Queue;
}

/**
 * Stream processing (STR-01…10): records come in over an API, or as objects that are landed in a bucket, signed and in
 * order per source; they are counted and summed up once each, however often they are delivered, and kept in the bucket.
 */
export class StreamStack extends TapStack {
  private readonly key: CustomerKey;
  private readonly network: FunctionNetwork;

  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "stream" });
    this.key = new CustomerKey(this, "Key", {
      description: "Stream: records, aggregates, secret, queues, functions, logs",
    });
    this.network = new FunctionNetwork(this, "Network", { description: "Functions of the stream" });

    const parts = this.createParts();
    const functions = this.createFunctions(parts);
    this.grant(functions, parts);
    this.connect(functions, parts);
    const restApi = this.createRestApi(functions);

    const { stream: dataStream, secret, table, bucket, imports } = parts;
    this.addOutputs({
      rest_api_id: { description: "Id of the REST API of the stream", value: restApi.id },
      invoke_url: { description: "Where the API is; paths come behind it", value: restApi.invokeUrl },
      stage_arn: { description: "ARN of the API's stage", value: restApi.stageArn },
      stream_name: { description: "Stream of the records", value: dataStream.name },
      stream_arn: { description: "ARN of the stream of the records", value: dataStream.arn },
      bucket_name: { description: "Bucket of landed objects and of records that were taken in", value: bucket.bucket },
      bucket_arn: { description: "ARN of the bucket", value: bucket.arn },
      table_name: { description: "Table of the aggregates", value: table.name },
      table_arn: { description: "ARN of the table of the aggregates", value: table.arn },
      secret_name: { description: "Secret with the key that records are signed with", value: secret.name },
      secret_arn: { description: "ARN of the secret with the signing key", value: secret.arn },
      imports_queue_name: { description: "Queue of landed objects", value: imports.name },
      imports_queue_arn: { description: "ARN of the queue of landed objects", value: imports.arn },
      dead_letter_queue_name: { description: "Queue of imports that failed", value: imports.deadLetters.name },
      dead_letter_queue_arn: { description: "ARN of the queue of imports that failed", value: imports.deadLetters.arn },
      ...functionOutputs(functions),
    });
  }

  private createParts(): Parts {
    const { stream: settings } = this.environment;
    const { expirationDays } = settings.bucket;
    const bucket = new EncryptedBucket(this, "Bucket", {
      resource: "records",
      key: this.key,
      ...(expirationDays === "never" ? {} : { expirationDays }),
      noncurrentVersionExpirationDays: tieringDays,
      intelligentTieringAfterDays: tieringDays,
    });
    return {
      bucket,
      stream: new DataStream(this, "Stream", { key: this.key, ...settings.kinesis }),
      secret: new RotatedSecret(this, "SigningKey", {
        resource: "signing-key",
        description: "Key that records are signed with on their way in; made and rotated by the function rotate alone",
        key: this.key,
        rotationDays: settings.secret.rotationDays,
      }),
      table: new Table(this, "Table", {
        key: this.key,
        partitionKey: "id",
        pointInTimeRecovery: true,
        expiryAttribute: "expiresAt",
      }),
      imports: new Queue(this, "Imports", {
        resource: "imports",
        key: this.key,
        visibilityTimeoutSeconds: 6 * importTimeoutSeconds,
        ...settings.queue,
        statements: sentByBucket(this, bucket.arn, this.key),
      }),
    };
  }

  private createFunctions({ stream: dataStream, secret, table, bucket, imports }: Parts) {
    const ALLOWED_ORIGINS = this.environment.stream.allowedOrigins.join(",");
    const STREAM_NAME = dataStream.name;
    const SECRET_NAME = secret.name;
    const TABLE_NAME = table.name;
    const BUCKET_NAME = bucket.bucket;
    return {
      health: this.createFunction("health", "Says whether the stream takes records", timeoutSeconds, {
        STREAM_NAME,
        ALLOWED_ORIGINS,
      }),
      ingest: this.createFunction("ingest", "Takes records in, and puts them on the stream", timeoutSeconds, {
        STREAM_NAME,
        SECRET_NAME,
        ALLOWED_ORIGINS,
      }),
      consume: this.createFunction("consume", "Sums up what is on the stream, once", consumeTimeoutSeconds, {
        TABLE_NAME,
        BUCKET_NAME,
        SECRET_NAME,
      }),
      import: this.createFunction("import", "Puts the records of a landed object on the stream", importTimeoutSeconds, {
        STREAM_NAME,
        SECRET_NAME,
        TABLE_NAME,
        BUCKET_NAME,
        QUEUE_URL: imports.url,
      }),
      rotate: this.createFunction("rotate", "Makes the signing key, and a new one in time", timeoutSeconds, {}),
    };
  }

  private createFunction(
    name: FunctionName,
    description: string,
    seconds: number,
    environmentVariables: Record<string, string>,
  ): NodeFunction {
    const { memorySizeMb, reservedConcurrency } = this.environment.stream[name];
    return new NodeFunction(this, name, {
      entry: `stream/${name}`,
      description,
      key: this.key,
      network: this.network,
      timeoutSeconds: seconds,
      memorySizeMb,
      reservedConcurrency,
      environmentVariables,
    });
  }

  /** What each function's code calls, and nothing else. */
  private grant(functions: Record<FunctionName, NodeFunction>, parts: Parts): void {
    const { stream: dataStream, secret, table, bucket, imports } = parts;
    const { health, ingest, consume, import: importer } = functions;
    dataStream.grant(health, ["kinesis:DescribeStreamSummary"]);
    dataStream.grant(ingest, ["kinesis:PutRecords"]);
    dataStream.grant(importer, ["kinesis:PutRecords"]);
    for (const reader of [ingest, consume, importer]) secret.grantRead(reader);
    table.grant(consume, ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]);
    table.grant(importer, ["dynamodb:GetItem", "dynamodb:PutItem"]);
    bucket.grantObjects(consume, { "records/*": ["s3:PutObject"] });
    bucket.grantObjects(importer, { "incoming/*": ["s3:GetObjectVersion"] });
    imports.grantSend(importer);
  }

  /** What invokes the functions beside the API. */
  private connect(functions: Record<FunctionName, NodeFunction>, parts: Parts): void {
    const { consumer, import: importer } = this.environment.stream;
    const { stream: dataStream, secret, bucket, imports } = parts;
    new StreamEventSource(this, "Records", { function: functions.consume, stream: dataStream, ...consumer });
    secret.rotateBy(functions.rotate);
    new BucketNotifications(this, "Notifications", {
      bucket,
      queues: { Landed: { queue: imports, prefix: "incoming/" } },
    });
    new QueueEventSource(this, "LandedObjects", {
      function: functions.import,
      queue: imports,
      // Each takes as long as it may.
      batchSize: 1,
      maximumConcurrency: importer.reservedConcurrency,
    });
  }

  private createRestApi({ health, ingest }: Record<FunctionName, NodeFunction>): RestApi {
    const { allowedOrigins, clients, api } = this.environment.stream;
    const throttling = { rateLimit: api.throttlingRateLimit, burstLimit: api.throttlingBurstLimit };
    return new RestApi(this, "RestApi", {
      definition: stream,
      functions: { health, ingest },
      key: this.key,
      allowedOrigins,
      throttling,
      usagePlan: throttling,
      clients,
      // Batches are longer than AWS's rules take.
      webAcl: { requestsPerAddress: api.requestsPerAddress, largeBodies: "count" },
    });
  }
}

import type { Construct } from "constructs";
import { ApiDomain } from "../constructs/api-domain";
import { CustomerKey } from "../constructs/customer-key";
import { FunctionNetwork } from "../constructs/function-network";
import { MacKey } from "../constructs/mac-key";
import { functionOutputs, NodeFunction } from "../constructs/node-function";
import { Queue } from "../constructs/queue";
import { QueueEventSource } from "../constructs/queue-event-source";
import { RestApi, type RestApiProps } from "../constructs/rest-api";
import { Schedule } from "../constructs/schedule";
import { Table } from "../constructs/table";
import { TableEventSource } from "../constructs/table-event-source";
import { type Output, TapStack, type TapStackProps } from "../constructs/tap-stack";
import { Topic } from "../constructs/topic";
import { api } from "../routes/api";

/** Seconds of a function; the gateway waits 29, the function's own work ends after 27 (API-05). */
const timeoutSeconds = 30;

/** What /health says exactly where the region's own table works, whatever its peers do. */
const healthyText = '"items":"ok"';

const keyIdOutput = (client: string) => `api_key_id_${client}`;

type FunctionName = "items" | "health" | "replicate" | "messages";

/**
 * One region of the multi-region API (API-01…16): its own items, and copies of the other regions' to read. What changes
 * here is published here; the queues of the other regions get it.
 */
export class ApiStack extends TapStack {
  private readonly key: CustomerKey;
  private readonly network: FunctionNetwork;

  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "api" });
    this.key = new CustomerKey(this, "Key", { description: "The API: items, messages, functions and logs" });
    this.network = new FunctionNetwork(this, "Network", { description: "Functions of the API" });

    const items = this.createItems();
    const changes = this.createChanges();
    const messages = this.createMessages();
    const functions = this.createFunctions(items, changes);
    this.publishChanges(functions.replicate, items, changes);
    this.takeMessagesIn(functions.messages, items, messages);
    const restApi = this.createRestApi(functions);
    const domain = this.createDomain(restApi);

    this.addOutputs({
      rest_api_id: { description: "Id of the REST API", value: restApi.id },
      rest_api_name: { description: "Name of the REST API", value: restApi.name },
      rest_api_arn: { description: "ARN of the REST API", value: restApi.arn },
      invoke_url: { description: "Where the API is; paths come behind it", value: restApi.invokeUrl },
      // The same keys in every environment: one without a domain says so.
      domain_name: {
        description: "Domain of the API, the same in all regions, or none",
        value: domain?.name ?? "none",
      },
      domain_arn: { description: "ARN of the API's domain here, or none", value: domain?.arn ?? "none" },
      ...this.keyOutputs(restApi),
      stage_arn: { description: "ARN of the API's stage", value: restApi.stageArn },
      web_acl_name: { description: "Name of the web ACL before the API", value: restApi.webAcl.name },
      web_acl_arn: { description: "ARN of the web ACL before the API", value: restApi.webAcl.arn },
      items_table_name: { description: "Table of the items of this region, and of copies", value: items.name },
      items_table_arn: { description: "ARN of the table of the items", value: items.arn },
      changes_topic_name: { description: "Name of the topic of what changes in this region", value: changes.name },
      changes_topic_arn: { description: "Topic of what changes in this region", value: changes.arn },
      messages_queue_name: { description: "Queue of what other regions publish", value: messages.name },
      messages_queue_arn: { description: "ARN of the queue of what other regions publish", value: messages.arn },
      dead_letter_queue_name: { description: "Queue of messages that failed", value: messages.deadLetters.name },
      dead_letter_queue_arn: {
        description: "ARN of the queue of messages that failed",
        value: messages.deadLetters.arn,
      },
      ...functionOutputs(functions),
    });
  }

  /** Items of this region, and copies of the others'; what is deleted stays a while, so that no late message brings it back. */
  private createItems(): Table {
    return new Table(this, "Items", {
      resource: "items",
      key: this.key,
      partitionKey: "id",
      pointInTimeRecovery: true,
      expiryAttribute: "expiresAt",
      streamViewType: "NEW_IMAGE",
    });
  }

  /** A topic here sends to the queues there: a function in an isolated subnet can't reach another region (docs/decisions/0007). */
  private createChanges(): Topic {
    return new Topic(this, "Changes", {
      resource: "changes",
      key: this.key,
      queueArns: this.peerRegions.map((region) =>
        this.arnOf("sqs", this.nameOf("queue", "peer-messages", region), region),
      ),
    });
  }

  private createMessages(): Queue {
    const topics = this.peerRegions.map((region) => this.arnOf("sns", this.nameOf("topic", "changes", region), region));
    for (const topicArn of topics) this.key.grantPublisher("sns.amazonaws.com", topicArn);
    return new Queue(this, "Messages", {
      resource: "peer-messages",
      key: this.key,
      visibilityTimeoutSeconds: 6 * timeoutSeconds,
      messageRetentionDays: 4,
      maxReceiveCount: 5,
      statements: (queueArn) =>
        topics.length === 0
          ? []
          : [
              {
                sid: "PeersPublish",
                principals: { Service: ["sns.amazonaws.com"] },
                actions: ["sqs:SendMessage"],
                resources: [queueArn],
                conditions: { ArnEquals: { "aws:SourceArn": topics } },
              },
            ],
    });
  }

  private createFunctions(items: Table, changes: Topic): Record<FunctionName, NodeFunction> {
    const ALLOWED_ORIGINS = this.environment.api.allowedOrigins.join(",");
    const TABLE_NAME = items.name;
    const cursorKey = new MacKey(this, "CursorKey", { resource: "cursors", description: "Cursors of lists of items" });
    const functions = {
      items: this.createFunction("items", "Creates, reads, lists, changes and deletes items", {
        TABLE_NAME,
        ALLOWED_ORIGINS,
        CURSOR_KEY_ARN: cursorKey.arn,
      }),
      health: this.createFunction("health", "Says whether the API works, and what is impaired", {
        TABLE_NAME,
        ALLOWED_ORIGINS,
        PEER_REGIONS: this.peerRegions.join(","),
      }),
      replicate: this.createFunction("replicate", "Publishes what changed in this region", { TOPIC_ARN: changes.arn }),
      messages: this.createFunction("messages", "Takes in what other regions published", { TABLE_NAME }),
    };
    items.grant(functions.items, ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"]);
    items.grant(functions.health, ["dynamodb:GetItem"]);
    cursorKey.grant(functions.items);
    return functions;
  }

  private createFunction(name: FunctionName, description: string, environmentVariables: Record<string, string>) {
    const { memorySizeMb, reservedConcurrency } = this.environment.api[name];
    return new NodeFunction(this, name, {
      entry: `api/${name}`,
      description,
      key: this.key,
      network: this.network,
      timeoutSeconds,
      memorySizeMb,
      reservedConcurrency,
      environmentVariables,
    });
  }

  /** Each change of the table, and a heartbeat each minute, by which the other regions know that this one is there. */
  private publishChanges(replicate: NodeFunction, items: Table, changes: Topic): void {
    changes.grantPublish(replicate);
    new TableEventSource(this, "ItemChanges", { function: replicate, table: items });
    new Schedule(this, "Heartbeat", {
      function: replicate,
      resource: "heartbeat",
      description: "Lets the other regions know that this one is there",
      everyMinutes: 1,
    });
  }

  private takeMessagesIn(messages: NodeFunction, items: Table, queue: Queue): void {
    items.grant(messages, ["dynamodb:PutItem"]);
    const { reservedConcurrency } = this.environment.api.messages;
    new QueueEventSource(this, "PeerMessages", { function: messages, queue, maximumConcurrency: reservedConcurrency });
  }

  private createRestApi(functions: Record<FunctionName, NodeFunction>): RestApi {
    const { allowedOrigins, clients, throttlingRateLimit, throttlingBurstLimit, requestsPerDay } = this.environment.api;
    const throttling = { rateLimit: throttlingRateLimit, burstLimit: throttlingBurstLimit };
    return new RestApi(this, "RestApi", {
      definition: api,
      functions: { items: functions.items, health: functions.health },
      key: this.key,
      allowedOrigins,
      throttling,
      usagePlan: { ...throttling, quotaLimit: requestsPerDay, quotaPeriod: "DAY" },
      clients,
      // Items may be longer than AWS's rules take; the gateway's models and the functions bound them.
      webAcl: { largeBodies: "count" },
      ...this.sameKeys(),
    });
  }

  /**
   * Where Route 53 chooses the region, a client's key is the same in all: the primary region's gateway makes it, and the
   * others take it from there (docs/decisions/0007).
   */
  private sameKeys(): Pick<RestApiProps, "sameKeysAs"> {
    const { api, region } = this.environment;
    if (api.domain === undefined || this.region === region) return {};
    const idOf = (client: string) => this.outputOf("api", keyIdOutput(client), region);
    return { sameKeysAs: { region, keyIds: Object.fromEntries(api.clients.map((client) => [client, idOf(client)])) } };
  }

  /** In each region, so that any can be the primary one. */
  private keyOutputs({ keyIds }: RestApi): Record<string, Output> {
    if (this.environment.api.domain === undefined) return {};
    return Object.fromEntries(
      Object.entries(keyIds).map(([client, value]) => [
        keyIdOutput(client),
        { description: `Id of the API key of ${client}`, value },
      ]),
    );
  }

  /** One name for all regions, where the configuration has one. */
  private createDomain(api: RestApi): ApiDomain | undefined {
    const { domain } = this.environment.api;
    return domain && new ApiDomain(this, "Domain", { ...domain, api, healthPath: "/health", healthyText });
  }
}

import type { Construct } from "constructs";
import { CustomerKey } from "../constructs/customer-key";
import { NodeFunction } from "../constructs/node-function";
import { Table } from "../constructs/table";
import { TapStack, type TapStackProps } from "../constructs/tap-stack";

/** Days that the functions' logs are kept (REC-05). */
const logRetentionDays = 14;
const timeoutSeconds = 10;

/**
 * Versioned records under a key of their own (REC-01…08): one key, one table, a function that writes and one that
 * reads. Callers invoke the functions by their alias `live`.
 */
export class RecordsStack extends TapStack {
  constructor(scope: Construct, props: TapStackProps) {
    super(scope, props, { component: "records" });
    const settings = this.environment.records;

    // The key, rotated every year. Whatever is given the key below is added to what its policy lets it be used for.
    const key = new CustomerKey(this, "Key", { description: "Records: table, functions, logs and dead letters" });

    // One item per record, with its version. Capacity is there before it is needed, and scales between these ends.
    const table = new Table(this, "Table", {
      key,
      partitionKey: "id",
      pointInTimeRecovery: true,
      capacity: {
        read: settings.table.readCapacity,
        write: settings.table.writeCapacity,
        targetUtilizationPercent: settings.table.targetUtilizationPercent,
      },
    });

    // Each function comes with its role, log group, dead letters and alarms, and waits for what it needs.
    const write = new NodeFunction(this, "Write", {
      entry: "records/write",
      description: "Writes a record, if its version is the expected one",
      key,
      timeoutSeconds,
      logRetentionDays,
      memorySizeMb: settings.write.memorySizeMb,
      reservedConcurrency: settings.write.reservedConcurrency,
      environmentVariables: { TABLE_NAME: table.name },
    });
    const read = new NodeFunction(this, "Read", {
      entry: "records/read",
      description: "Reads a record",
      key,
      timeoutSeconds,
      logRetentionDays,
      memorySizeMb: settings.read.memorySizeMb,
      reservedConcurrency: settings.read.reservedConcurrency,
      environmentVariables: { TABLE_NAME: table.name },
    });

    // Exactly the calls that their code makes, on this table alone, with the key through DynamoDB alone.
    // The writer reads too: when a write is refused, to say which version there is.
    table.grant(write, ["dynamodb:GetItem", "dynamodb:UpdateItem"]);
    table.grant(read, ["dynamodb:GetItem"]);

    this.addOutputs({
      key_id: { description: "Id of the key of the records", value: key.id },
      key_arn: { description: "ARN of the key of the records", value: key.arn },
      key_alias_name: { description: "Alias of the key of the records", value: key.aliasName },
      table_name: { description: "Table of the records", value: table.name },
      table_arn: { description: "ARN of the table of the records", value: table.arn },
      ...this.outputsOf("write", write),
      ...this.outputsOf("read", read),
      region: { description: "Region of the records", value: this.region },
      environment: { description: "Environment of the records", value: this.environment.environmentSuffix },
    });
  }

  private outputsOf(name: string, lambda: NodeFunction) {
    const what = `the function that ${name}s records`;
    return {
      [`${name}_function_name`]: { description: `Name of ${what}`, value: lambda.name },
      [`${name}_function_arn`]: { description: `ARN of ${what}`, value: lambda.arn },
      [`${name}_alias_arn`]: {
        description: `What callers invoke: the live version of ${what}`,
        value: lambda.aliasArn,
      },
      [`${name}_role_name`]: { description: `Name of the role of ${what}`, value: lambda.role.name },
      [`${name}_role_arn`]: { description: `Role of ${what}`, value: lambda.role.arn },
      [`${name}_log_group_name`]: { description: `Log group of ${what}`, value: lambda.logGroup.name },
      [`${name}_log_group_arn`]: { description: `ARN of the log group of ${what}`, value: lambda.logGroup.arn },
      [`${name}_dead_letter_queue_name`]: {
        description: `Where failed asynchronous invocations of ${what} end`,
        value: lambda.deadLetters.name,
      },
      [`${name}_dead_letter_queue_arn`]: {
        description: `ARN of the queue of failed asynchronous invocations of ${what}`,
        value: lambda.deadLetters.arn,
      },
    };
  }
}

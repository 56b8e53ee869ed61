import { type LocalDynamo, startDynamo, untilActive } from "../../support/dynalite";

/** The index of a client's files, newest last. */
export const indexName = "by-owner";

/** The table of the files system, as the stack makes it. */
export function filesTableDefinition(tableName: string) {
  return {
    TableName: tableName,
    AttributeDefinitions: ["id", "version", "owner", "createdAt"].map((AttributeName) => ({
      AttributeName,
      AttributeType: "S" as const,
    })),
    KeySchema: [
      { AttributeName: "id", KeyType: "HASH" as const },
      { AttributeName: "version", KeyType: "RANGE" as const },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: indexName,
        KeySchema: [
          { AttributeName: "owner", KeyType: "HASH" as const },
          { AttributeName: "createdAt", KeyType: "RANGE" as const },
        ],
        Projection: { ProjectionType: "ALL" as const },
      },
    ],
    BillingMode: "PAY_PER_REQUEST" as const,
  };
}

/** A DynamoDB in this process, with the table of the files system. */
export async function startFilesDynamo(tableName: string): Promise<LocalDynamo> {
  // It comes with a table of another kind, that nobody asks for.
  const dynamo = await startDynamo("another");
  await dynamo.call("CreateTable", filesTableDefinition(tableName));
  await untilActive(dynamo, tableName);
  return dynamo;
}

/** An attribute as DynamoDB's API has it. */
export type Item = Record<string, { readonly S?: string; readonly N?: string }>;

/** All items of a file, by their sort keys: `file`, and `version#…` of each version. */
export async function itemsOf(dynamo: LocalDynamo, tableName: string, id: string): Promise<Record<string, Item>> {
  const { Items } = await dynamo.call("Query", {
    TableName: tableName,
    ConsistentRead: true,
    KeyConditionExpression: "id = :id",
    ExpressionAttributeValues: { ":id": { S: id } },
  });
  return Object.fromEntries((Items as Item[]).map((item) => [item.version?.S ?? "", item]));
}

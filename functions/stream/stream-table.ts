import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { awsClientSettings } from "../shared/aws-client";
import { tracer } from "../shared/powertools";
import { requiredVariables } from "../shared/variables";

/** The table of aggregates, markers, checkpoints and imports, and the way to it. */
export interface StreamTable {
  readonly client: DynamoDBClient;
  readonly name: string;
}

/** The table that the function's environment names. */
export function streamTable(): StreamTable {
  const { TABLE_NAME } = requiredVariables("TABLE_NAME");
  return { client: tracer.captureAWSv3Client(new DynamoDBClient(awsClientSettings)), name: TABLE_NAME };
}

import type { Context } from "aws-lambda";
import type { WriteAnswer } from "../../../functions/records/write/handler";
import type { ProblemDetails } from "../../../functions/shared/problem";
import { type LocalDynamo, startDynamo } from "../../support/dynalite";
import { lambdaContext, recordsVariables } from "../lambda";
import { knowErrorsOfNode } from "../node-errors";

/** Both functions, as Lambda has them, over a DynamoDB in this process. */
export interface LocalRecords {
  dynamo: LocalDynamo;
  write(event: unknown, context?: Partial<Context>): Promise<WriteAnswer | ProblemDetails>;
  read(event: unknown, context?: Partial<Context>): Promise<unknown>;
}

export async function startRecords(variables: Record<string, string> = {}): Promise<LocalRecords> {
  const dynamo = await startDynamo("records");
  knowErrorsOfNode();
  // Functions read their environment when they are loaded.
  Object.assign(process.env, recordsVariables, dynamo.variables, { POWERTOOLS_TRACE_ENABLED: "false" }, variables);
  const write = await import("../../../functions/records/write/handler");
  const read = await import("../../../functions/records/read/handler");
  return {
    dynamo,
    write: (event, context) => write.handler(event, lambdaContext(context)),
    read: (event, context) => read.handler(event, lambdaContext(context)),
  };
}

let created = 0;

/** An id that no other test has. */
export function newId(): string {
  created += 1;
  return `record-${created}`;
}

import { randomUUID } from "node:crypto";
import type { Context } from "aws-lambda";

/** What the infrastructure, and Lambda itself, set for a function of the records system. */
export const recordsVariables: Readonly<Record<string, string>> = {
  TABLE_NAME: "records",
  POWERTOOLS_SERVICE_NAME: "records",
  POWERTOOLS_METRICS_NAMESPACE: "tap",
  AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
  _HANDLER: "index.handler",
};

/** An invocation as Lambda describes it. */
export function lambdaContext(changes: Partial<Context> = {}): Context {
  return {
    awsRequestId: randomUUID(),
    functionName: "tap-records-write-dev-us-east-1",
    functionVersion: "1",
    invokedFunctionArn: "arn:aws:lambda:us-east-1:111111111111:function:tap-records-write-dev-us-east-1:live",
    memoryLimitInMB: "256",
    getRemainingTimeInMillis: () => 10_000,
    ...changes,
  } as Context;
}

/** Lines that a function writes while a piece of work runs: its log and its metrics. */
export async function linesOf(work: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const texts: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, "write").mockImplementation((text) => texts.push(String(text)) > 0),
  );
  try {
    await work();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return texts.flatMap((text) => text.trimEnd().split("\n")).map((line) => JSON.parse(line));
}

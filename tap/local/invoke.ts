import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { clientsOf } from "./clients";
import type { LocalState } from "./state";
import { findTarget } from "./targets";

/** What became of an invocation. */
export interface Invocation {
  readonly functionName: string;
  /** Alias that was called, as callers do. */
  readonly qualifier: string;
  readonly status: number;
  /** `Unhandled`, where the function failed. */
  readonly error?: string;
  readonly payload: string;
  /** The end of its log. */
  readonly log: string;
  readonly milliseconds: number;
}

/** Calls a function, by the alias that its callers use. */
export async function invokeFunction(
  state: LocalState,
  name: string,
  payload: string,
  region: string | undefined,
): Promise<Invocation> {
  const target = findTarget(state, name, ["aws_lambda_function"], "function", region);
  const alias = Object.values(state.resources).find(
    ({ type, values, region: at }) =>
      type === "aws_lambda_alias" && at === target.resource.region && values.function_name === target.name,
  );
  const qualifier = String(alias?.values.name ?? "$LATEST");
  const client = clientsOf(state).in(target.resource.region)(LambdaClient);
  const start = performance.now();
  const { StatusCode, FunctionError, Payload, LogResult } = await client.send(
    new InvokeCommand({ FunctionName: target.name, Qualifier: qualifier, Payload: payload, LogType: "Tail" }),
  );
  return {
    functionName: target.name,
    qualifier,
    status: StatusCode ?? 0,
    ...(FunctionError === undefined ? {} : { error: FunctionError }),
    payload: Buffer.from(Payload ?? []).toString(),
    log: Buffer.from(LogResult ?? "", "base64").toString(),
    milliseconds: performance.now() - start,
  };
}

import type { Context, SQSRecord } from "aws-lambda";
import type { Processor } from "../../../functions/files/delivery";
import { lambdaContext } from "../lambda";
import { knowErrorsOfNode } from "../node-errors";
import { type Answer, errorBody, type LocalAws, processorVariables, startAws } from "./local-aws";

/** A processor in this process, over services in this process; what it does with a file is the test's. */
export interface LocalProcessor {
  readonly aws: LocalAws;
  process: Processor["process"];
  /** Ids of messages that go back to the queue. */
  deliver(records: readonly SQSRecord[], context?: Partial<Context>): Promise<readonly string[]>;
}

/** With the environment as it is then: functions read theirs when they are loaded. */
export async function startLocalProcessor(): Promise<LocalProcessor> {
  knowErrorsOfNode();
  const aws = await startAws();
  Object.assign(process.env, processorVariables(aws));
  const { createProcessorHandler, processorOf } = await import("../../../functions/files/processor");
  const local: LocalProcessor = {
    aws,
    process: async () => ({ result: {}, outputs: [] }),
    deliver: async (records, context) => {
      // Settings are kept for a minute: each delivery has its own.
      const handler = createProcessorHandler(
        processorOf(
          undefined,
          () =>
            (...all) =>
              local.process(...all),
        ),
      );
      const { batchItemFailures } = await handler({ Records: [...records] }, lambdaContext(context));
      return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    },
  };
  return local;
}

/** For all tests of a file, which are given it. */
export function useLocalProcessor(give: (local: LocalProcessor) => void): void {
  let local: LocalProcessor;
  beforeAll(async () => {
    local = await startLocalProcessor();
    give(local);
  });
  afterAll(() => local.aws.stop());
  beforeEach(() => {
    local.aws.parameters.set("/tap/dev/files/config/paused", "false");
    local.aws.instead = () => undefined;
    local.process = async () => ({ result: { kind: "test" }, outputs: [] });
    for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
}

/** S3 has trouble, and may have none later. */
export const unavailable: Answer = { status: 500, body: errorBody("InternalError") };

import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { S3Client } from "@aws-sdk/client-s3";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Fate } from "../front";
import { knowErrorsOfNode } from "../node-errors";
import type { Consume } from "./consumption-run";
import { type AwsRequest, LocalAws, requestHandlerThrough, requestHandlerTo } from "./local-aws";
import { secretValueOf, streamVariables, versionIds } from "./sample-records";

/** Services in this process, with two keys of the secret: the one before, and the current one. */
export function newAws(): LocalAws {
  const aws = new LocalAws();
  const [before, current] = versionIds;
  aws.secret.put(before, secretValueOf(before), ["AWSPREVIOUS"]);
  aws.secret.put(current, secretValueOf(current), ["AWSCURRENT"]);
  return aws;
}

/** Where its table and its bucket are, if not in this process. */
export interface Elsewhere {
  readonly endpoint: string;
  readonly name: string;
}

/** Makes the function in an execution environment of its own, over a network that decides over its requests. */
export type MakeConsumer = (
  aws: LocalAws,
  decide?: (request: AwsRequest) => Fate | Promise<Fate>,
  elsewhere?: Elsewhere,
) => Consume;

export async function loadConsumer(): Promise<MakeConsumer> {
  knowErrorsOfNode();
  Object.assign(process.env, streamVariables);
  const [{ createConsumeHandler }, { signingKeysOf }] = await Promise.all([
    import("../../../functions/stream/consume/handler"),
    import("../../../functions/stream/signing-keys"),
  ]);
  return (aws, decide = () => "pass", elsewhere) => {
    const settings = {
      region: "us-east-1",
      endpoint: "http://127.0.0.1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 2,
      requestHandler: requestHandlerTo(aws, decide) as never,
    };
    const storage = elsewhere
      ? { ...settings, endpoint: elsewhere.endpoint, requestHandler: requestHandlerThrough(decide) as never }
      : settings;
    return createConsumeHandler({
      table: { client: new DynamoDBClient(storage), name: elsewhere?.name ?? "stream" },
      bucket: { client: new S3Client(storage), name: elsewhere?.name ?? "tap-stream" },
      keys: signingKeysOf(new SecretsManagerClient(settings), "signing-key"),
    });
  };
}

/** For all tests of a file: no lines, and waits before a repetition, the SDK's among them, are over at once. */
export function calmTests(): void {
  beforeEach(() => {
    for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, "write").mockReturnValue(true);
    jest.spyOn(Math, "random").mockReturnValue(0);
  });
  afterEach(() => jest.restoreAllMocks());
}

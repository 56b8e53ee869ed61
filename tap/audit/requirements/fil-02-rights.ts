import type { Environment } from "../../../config/environment";
import { referenceTo } from "../exact";
import { type FilesData, kinds, type Processor } from "../files";
import { type Right, throughService } from "../rights";
import type { StackJson } from "../stack-json";
import { modelRights } from "./fil-04-rights";

/** The calls that a processor's code makes, and the keys that these need. */
export function processorRights(
  environment: Environment,
  stack: StackJson,
  data: FilesData,
  { kind, queue, deadLetters }: Processor,
): Right[] {
  const { accountId, environmentSuffix } = environment;
  const purpose = { accountId, region: stack.region };
  const parameter = (name: string) =>
    `arn:aws:ssm:${stack.region}:${accountId}:parameter/tap/${environmentSuffix}/files/config/${name}`;
  const ownKey = data.key && referenceTo(data.key, "arn");
  const send = (arn: string | undefined): Right[] => [
    { actions: ["sqs:SendMessage"], resources: [arn], conditions: {} },
    {
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: [ownKey],
      conditions: throughService({ ...purpose, service: "sqs", context: "aws:sqs:arn", value: arn }),
    },
  ];
  return [
    ...tableRights(environment, stack, data, ["dynamodb:GetItem", "dynamodb:UpdateItem"]),
    ...objectRights(environment, stack, data, { "uploads/*": ["s3:GetObjectVersion"], "results/*": ["s3:PutObject"] }),
    // A message that must wait longer than SQS hides one is sent again; one that can't be worked on, with the reason.
    ...send(queue?.arn),
    ...send(deadLetters?.arn),
    {
      actions: ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
      resources: [queue?.arn],
      conditions: {},
    },
    {
      actions: ["kms:Decrypt"],
      resources: [ownKey],
      conditions: throughService({ ...purpose, service: "sqs", context: "aws:sqs:arn", value: queue?.arn }),
    },
    {
      actions: ["ssm:GetParameters"],
      resources: ["paused", ...(kinds[kind].asksModels ? ["model"] : [])].map(parameter),
      conditions: {},
    },
    ...(kinds[kind].asksModels ? modelRights(environment, stack.region) : []),
  ];
}

/** Calls on the table's items, and its key through DynamoDB for it. */
export function tableRights(
  { accountId }: Environment,
  { region }: StackJson,
  { tableArn, tableName, dataKey }: FilesData,
  actions: readonly string[],
): Right[] {
  const context = "aws:dynamodb:tableName";
  return [
    { actions, resources: [tableArn], conditions: {} },
    {
      actions: ["kms:Decrypt"],
      resources: [dataKey],
      conditions: throughService({ accountId, region, service: "dynamodb", context, value: tableName }),
    },
  ];
}

/** Calls on objects by what their keys begin with, and the bucket's key through S3 for it. */
export function objectRights(
  { accountId }: Environment,
  { region }: StackJson,
  { bucketArn, dataKey }: FilesData,
  actionsByKey: Readonly<Record<string, readonly string[]>>,
): Right[] {
  return [
    ...Object.entries(actionsByKey).map(([pattern, actions]) => ({
      actions,
      resources: [`${bucketArn}/${pattern}`],
      conditions: {},
    })),
    {
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: [dataKey],
      conditions: throughService({ accountId, region, service: "s3", context: "aws:s3:arn", value: bucketArn }),
    },
  ];
}

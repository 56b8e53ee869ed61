import { ownValue } from "../../graph/terraform-json";
import { actionOf, serviceExists } from "./iam-data";

/** What a call of the SDK asks IAM for. */
export interface CallActions {
  /** Each must be allowed: one of its actions, by what the call is given. */
  readonly needs: readonly (readonly string[])[];
  /** What it asks for besides, where it is given more: a tag, a version. */
  readonly may: readonly string[];
}

/** Clients of the SDK whose services have another prefix in IAM. */
const prefixes: Readonly<Record<string, string>> = {
  "api-gateway": "apigateway",
  apigatewaymanagementapi: "execute-api",
  "application-auto-scaling": "application-autoscaling",
  "bedrock-agent-runtime": "bedrock",
  "bedrock-runtime": "bedrock",
  "cloudwatch-logs": "logs",
  "cognito-identity-provider": "cognito-idp",
  "dynamodb-streams": "dynamodb",
  eventbridge: "events",
  "iot-data-plane": "iot",
  "secrets-manager": "secretsmanager",
  sesv2: "ses",
  sfn: "states",
};

const oneOf = (...actions: string[]): CallActions => ({ needs: [actions], may: [] });
const allOf = (...needs: (readonly string[])[]): CallActions => ({ needs, may: [] });

const readObject = ["s3:GetObject", "s3:GetObjectVersion"];
/** Whoever may list a bucket is told that an object isn't there, and not that it may not be read. */
const reading: CallActions = { needs: [readObject], may: ["s3:ListBucket"] };
const writing: CallActions = {
  needs: [["s3:PutObject"]],
  may: ["s3:PutObjectAcl", "s3:PutObjectLegalHold", "s3:PutObjectRetention", "s3:PutObjectTagging"],
};
const partiQl = [
  "dynamodb:PartiQLDelete",
  "dynamodb:PartiQLInsert",
  "dynamodb:PartiQLSelect",
  "dynamodb:PartiQLUpdate",
];

/** Operations that ask for other actions than one of their own name (service authorization reference). */
const exceptions: Readonly<Record<string, CallActions>> = {
  "s3:GetObject": reading,
  "s3:HeadObject": reading,
  "s3:GetObjectAttributes": allOf(readObject, ["s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"]),
  "s3:GetObjectTagging": oneOf("s3:GetObjectTagging", "s3:GetObjectVersionTagging"),
  "s3:PutObjectTagging": oneOf("s3:PutObjectTagging", "s3:PutObjectVersionTagging"),
  "s3:PutObject": writing,
  "s3:CopyObject": {
    needs: [readObject, ["s3:PutObject"]],
    may: [...writing.may, "s3:GetObjectTagging", "s3:GetObjectVersionTagging"],
  },
  "s3:CreateMultipartUpload": writing,
  "s3:UploadPart": oneOf("s3:PutObject"),
  "s3:UploadPartCopy": allOf(readObject, ["s3:PutObject"]),
  "s3:CompleteMultipartUpload": oneOf("s3:PutObject"),
  "s3:ListParts": oneOf("s3:ListMultipartUploadParts"),
  "s3:ListMultipartUploads": oneOf("s3:ListBucketMultipartUploads"),
  "s3:DeleteObject": oneOf("s3:DeleteObject", "s3:DeleteObjectVersion"),
  "s3:DeleteObjects": oneOf("s3:DeleteObject", "s3:DeleteObjectVersion"),
  "s3:HeadBucket": oneOf("s3:ListBucket"),
  "s3:ListBuckets": oneOf("s3:ListAllMyBuckets"),
  "s3:ListObjects": oneOf("s3:ListBucket"),
  "s3:ListObjectsV2": oneOf("s3:ListBucket"),
  "s3:ListObjectVersions": oneOf("s3:ListBucketVersions"),
  "s3:SelectObjectContent": oneOf("s3:GetObject"),
  "dynamodb:TransactGetItems": oneOf("dynamodb:GetItem"),
  "dynamodb:TransactWriteItems": oneOf(
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
  ),
  "dynamodb:BatchExecuteStatement": oneOf(...partiQl),
  "dynamodb:ExecuteStatement": oneOf(...partiQl),
  "dynamodb:ExecuteTransaction": oneOf(...partiQl),
  "sqs:SendMessageBatch": oneOf("sqs:SendMessage"),
  "sqs:DeleteMessageBatch": oneOf("sqs:DeleteMessage"),
  "sqs:ChangeMessageVisibilityBatch": oneOf("sqs:ChangeMessageVisibility"),
  "sns:PublishBatch": oneOf("sns:Publish"),
  "kms:ReEncrypt": allOf(["kms:ReEncryptFrom"], ["kms:ReEncryptTo"]),
  "lambda:Invoke": oneOf("lambda:InvokeFunction"),
  "lambda:InvokeAsync": oneOf("lambda:InvokeFunction"),
  "lambda:InvokeWithResponseStream": oneOf("lambda:InvokeFunction"),
  "bedrock-runtime:Converse": oneOf("bedrock:InvokeModel"),
  "bedrock-runtime:ConverseStream": oneOf("bedrock:InvokeModelWithResponseStream"),
  "bedrock-runtime:StartAsyncInvoke": oneOf("bedrock:InvokeModel"),
  "secrets-manager:BatchGetSecretValue": allOf(
    ["secretsmanager:BatchGetSecretValue"],
    ["secretsmanager:GetSecretValue"],
  ),
  "apigatewaymanagementapi:DeleteConnection": oneOf("execute-api:ManageConnections"),
  "apigatewaymanagementapi:GetConnection": oneOf("execute-api:ManageConnections"),
  "apigatewaymanagementapi:PostToConnection": oneOf("execute-api:ManageConnections"),
};

/** Operations that libraries bring into the code. */
interface Brought {
  /** They come together. */
  readonly operations: readonly string[];
  /** What is called of them: one at least. */
  readonly called: readonly string[];
  readonly why: string;
}

export const broughtByLibraries: readonly Brought[] = [
  {
    operations: ["dynamodb:DescribeEndpoints"],
    called: [],
    why: "the client looks endpoints up where endpointDiscoveryEnabled is set, which nobody does: only Timestream needs it",
  },
  {
    operations: ["s3:CreateSession"],
    called: [],
    why: "the client makes sessions for directory buckets of S3 Express, whose names end in --x-s3",
  },
  {
    operations: ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath", "ssm:PutParameter"],
    called: ["ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"],
    why: "SSMProvider of Powertools is one class with a method for each; functions read parameters by it",
  },
];

/** Calls, each by the actions of which one must be allowed. */
export function actionsOfCalls(calls: readonly string[]): (CallActions & { readonly call: string })[] {
  const brought = broughtByLibraries.filter(({ operations }) => operations.every((each) => calls.includes(each)));
  const own = calls.filter((call) => !brought.some(({ operations }) => operations.includes(call)));
  return [
    ...own.flatMap((call) => ({ call, ...actionsOfCall(call) })),
    ...brought
      .filter(({ called }) => called.length > 0)
      .map(({ called }) => ({ call: called.join(" or "), needs: [called], may: [] })),
  ];
}

/** What an operation asks for; nothing where the reference has no action of its name. */
export function actionsOfCall(call: string): CallActions {
  const exception = ownValue(exceptions, call);
  if (exception !== undefined) return exception;
  const action = actionOf(`${servicePrefix(call)}:${call.split(":")[1]}`);
  return { needs: action === undefined ? [] : [[action.name]], may: [] };
}

/** IAM's prefix for what a client calls. */
export function servicePrefix(call: string): string {
  const [client = ""] = call.split(":");
  return ownValue(prefixes, client) ?? [client, client.replaceAll("-", "")].find(serviceExists) ?? client;
}

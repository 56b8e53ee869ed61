import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import type { PolicyDocument, Statement } from "../../graph/policy";
import { deadLettersOf } from "../functions";
import { sameInPolicy } from "../policies";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import { isRight, type Right, throughService } from "../rights";
import type { StackJson } from "../stack-json";

/** The calls that each function's code makes on the table. */
const tableActions: Readonly<Record<string, readonly string[]>> = {
  write: ["dynamodb:GetItem", "dynamodb:UpdateItem"],
  read: ["dynamodb:GetItem"],
};

export const rec04: Requirement = {
  id: "REC-04",
  checks:
    "A writing and a reading function, each with a role of its own whose data access is the table's ARN, the exact calls and the key through DynamoDB for that table, in a policy apart from what it needs to run.",
  why: "A reader that can write, or a role that two functions share, makes a small hole in one a hole in both.",
  judge: (subject) =>
    judgeEach(subject, "records", (stack, environment) => {
      const functions = nodesIn(subject.graph, stack, "aws_lambda_function");
      const roles = functions.map((lambda) => subject.graph.resolve(lambda.attributes.role, lambda.stack));
      return [
        ...expectThat(
          sameInPolicy(functions.map(functionOf), Object.keys(tableActions)),
          stack,
          `must have the functions ${Object.keys(tableActions).join(", ")}`,
        ),
        ...expectThat(
          new Set(roles.map((role) => role?.id)).size === functions.length && !roles.includes(undefined),
          stack,
          "must give each function a role of its own",
        ),
        ...functions.flatMap((lambda, index) => rights(subject.graph, stack, environment, lambda, roles[index])),
      ];
    }),
};

function functionOf({ physicalName = "" }: GraphNode): string {
  return /^tap-records-([a-z]+)-/.exec(physicalName)?.[1] ?? physicalName;
}

function rights(
  graph: Graph,
  stack: StackJson,
  environment: Environment,
  lambda: GraphNode,
  role: GraphNode | undefined,
): Finding[] {
  if (role === undefined) return [];
  const documents = graph.policiesOf(role).filter(({ kind }) => kind === "identity");
  const isData = ({ statements }: PolicyDocument) => actionsOf(statements).some((action) => /^dynamodb:/i.test(action));
  const data = documents.filter(isData);
  const running = documents.filter((document) => !isData(document)).flatMap(({ statements }) => statements);
  return [
    ...expectThat(data.length === 1, stack, "must have its access to data in one policy", role.address),
    ...data.flatMap(({ statements, node }) => dataAccess(graph, stack, environment, lambda, statements, node)),
    ...exactly(stack, running, runningRights(graph, stack, environment, lambda), role),
  ];
}

/** What a function needs to run: its own log group, traces, its own dead letters, and the key for these and its settings. */
function runningRights(graph: Graph, stack: StackJson, { accountId }: Environment, lambda: GraphNode): Right[] {
  const [key] = nodesIn(graph, stack, "aws_kms_key");
  const queue = deadLettersOf(graph, lambda);
  const group = `arn:aws:logs:${stack.region}:${accountId}:log-group:/aws/lambda/${lambda.physicalName}:*`;
  const through = (service: string, context: string, value: unknown) =>
    throughService({ accountId, region: stack.region, service, context, value });
  const keys = [`\${${key?.address}.arn}`];
  return [
    { actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [group], conditions: {} },
    { actions: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources: ["*"], conditions: {} },
    { actions: ["sqs:SendMessage"], resources: [queue?.arn], conditions: {} },
    {
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      resources: keys,
      conditions: through("sqs", "aws:sqs:arn", queue?.arn),
    },
    { actions: ["kms:Decrypt"], resources: keys, conditions: through("lambda", "aws:lambda:FunctionArn", lambda.arn) },
  ];
}

function dataAccess(
  graph: Graph,
  stack: StackJson,
  { accountId }: Environment,
  lambda: GraphNode,
  statements: readonly Statement[],
  node: GraphNode,
): Finding[] {
  const [table] = nodesIn(graph, stack, "aws_dynamodb_table");
  const [key] = nodesIn(graph, stack, "aws_kms_key");
  const wanted: Right[] = [
    { actions: tableActions[functionOf(lambda)], resources: [table?.arn], conditions: {} },
    {
      actions: ["kms:Decrypt"],
      resources: [`\${${key?.address}.arn}`],
      conditions: throughService({
        accountId,
        region: stack.region,
        service: "dynamodb",
        context: "aws:dynamodb:tableName",
        value: table?.physicalName,
      }),
    },
  ];
  return exactly(stack, statements, wanted, node);
}

function exactly(
  stack: StackJson,
  statements: readonly Statement[],
  wanted: readonly Right[],
  { address }: GraphNode,
): Finding[] {
  const lacking = wanted.filter((each) => !statements.some((statement) => isRight(statement, each)));
  return [
    ...expectThat(
      statements.length === wanted.length,
      stack,
      `has ${statements.length} statements, not ${wanted.length}`,
      address,
    ),
    ...lacking.flatMap((each) => expectThat(false, stack, `must allow exactly ${JSON.stringify(each)}`, address)),
  ];
}

function actionsOf(statements: readonly Statement[]): string[] {
  return statements.flatMap(({ actions, notActions }) => [...actions, ...notActions]);
}

import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { coversAction, coversResource } from "../../graph/statement";
import { blocksOf, isObject } from "../../graph/terraform-json";
import { differences, findingsOn, kept, referenceTo } from "../exact";
import { aliasOf, deadLettersOf, functionsOf } from "../functions";
import { ownKey } from "../own-key";
import { type Finding, judgeEach, nodesIn, type Requirement } from "../requirement";
import type { StackJson } from "../stack-json";

/** Attempts after the first before a change goes to the dead letters: enough for a short trouble, and no day of it. */
const retryAttempts = 10;

/** Functions that work on items, by their names. */
const itemFunctions = ["health", "items", "messages"] as const;
/** Of them, those that write. */
const writers: readonly string[] = ["items", "messages"];
const writing = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"];
const readingStream = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];

/** What would make one table of several regions' tables, or let writes past their owner. */
const sharing =
  /^aws_dynamodb_(global_table|table_replica|resource_policy|kinesis_streaming_destination|table_item|table_export)$/;

export const api16: Requirement = {
  id: "API-16",
  checks:
    "Each region's api has one items table of its own: on demand, under the stack's key, with recovery, expiry and a stream of new images, and no replica; only its own functions reach it. The stream goes to replicate, which retries, splits batches and leaves what fails to its dead letters, and which a schedule calls each minute.",
  why: "A replica of DynamoDB's own takes the last write of two regions, whatever version it was based on.",
  judge: (subject) =>
    judgeEach(subject, "api", (stack, environment) => {
      const { graph } = subject;
      const [table, ...others] = nodesIn(graph, stack, "aws_dynamodb_table");
      if (table === undefined || others.length > 0) return [{ stack: stack.id, message: "must have one table" }];
      return [
        ...findingsOn(table, settings(graph, stack, environment, table)),
        ...otherWays(graph, stack),
        ...functions(graph, stack, table),
        ...roles(graph, stack, environment, table),
        ...changes(graph, stack, table),
        ...heartbeat(graph, stack),
      ];
    }),
};

function settings(graph: Graph, stack: StackJson, environment: Environment, table: GraphNode): string[] {
  const { environmentSuffix, deletionProtection, accountId } = environment;
  const [encryption] = blocksOf(table.attributes, "server_side_encryption");
  const name = `tap-api-items-${environmentSuffix}-${stack.region}`;
  const key = ownKey(graph, table, encryption?.kms_key_arn, {
    service: "dynamodb",
    by: "caller",
    context: "aws:dynamodb:tableName",
    value: name,
  });
  return [
    ...(key === undefined ? ["must be under the key of its stack, which DynamoDB may use for it"] : []),
    ...(table.arn === `arn:aws:dynamodb:${stack.region}:${accountId}:table/${name}` ? [] : [`must be ${name}`]),
    ...differences(graph, table, {
      name,
      billing_mode: "PAY_PER_REQUEST",
      hash_key: "id",
      attribute: { name: "id", type: "S" },
      point_in_time_recovery: { enabled: true },
      ...(key === undefined
        ? kept(table, "server_side_encryption")
        : { server_side_encryption: { enabled: true, kms_key_arn: referenceTo(key, "arn") } }),
      ttl: { attribute_name: "expiresAt", enabled: true },
      stream_enabled: true,
      stream_view_type: "NEW_IMAGE",
      deletion_protection_enabled: deletionProtection,
      ...(deletionProtection ? { lifecycle: { prevent_destroy: true } } : {}),
    }),
  ];
}

function otherWays(graph: Graph, stack: StackJson): Finding[] {
  return nodesIn(graph, stack)
    .filter(({ type }) => sharing.test(type))
    .flatMap((node) => findingsOn(node, ["is a way to items beside their table's region"]));
}

/** What functions are told: the table of their region, and the topic. */
function functions(graph: Graph, stack: StackJson, table: GraphNode): Finding[] {
  const topic = nodesIn(graph, stack, "aws_sns_topic").find(({ physicalName = "" }) =>
    physicalName.startsWith("tap-api-changes-"),
  );
  return [...functionsOf(graph, stack)].flatMap(([name, lambda]) => {
    const [environment] = blocksOf(lambda.attributes, "environment");
    const variables = isObject(environment?.variables) ? environment.variables : {};
    const rendered = (variable: string) =>
      variables[variable] === undefined ? undefined : graph.render(String(variables[variable]), lambda.stack);
    const isItems = itemFunctions.some((each) => each === name);
    const wantedTable = isItems ? table.physicalName : undefined;
    const wantedTopic = name === "replicate" ? topic?.arn : undefined;
    return findingsOn(lambda, [
      ...(rendered("TABLE_NAME") === wantedTable ? [] : [`must have TABLE_NAME ${wantedTable}`]),
      ...(rendered("TOPIC_ARN") === wantedTopic ? [] : [`must have TOPIC_ARN ${wantedTopic}`]),
    ]);
  });
}

/** No role of another region reaches the table, none of another component; and only who has to writes. */
function roles(graph: Graph, stack: StackJson, { accountId }: Environment, table: GraphNode): Finding[] {
  const arn = String(table.arn);
  const own = functionsOf(graph, stack);
  const nameOf = (role: GraphNode) =>
    [...own].find(([, lambda]) => graph.resolve(lambda.attributes.role, lambda.stack) === role)?.[0];
  return graph
    .ofType("aws_iam_role")
    .filter((role) => role.accountId === accountId && role.stack.component !== "bootstrap")
    .flatMap((role) => {
      const name = role.stack.id === stack.id ? nameOf(role) : undefined;
      const reaching = dataStatements(graph, role).filter((statement) => reaches(statement, arn));
      const isOther = name === undefined && reaching.length > 0;
      const writes = reaching.some((statement) => writing.some((action) => coversAction(statement, action)));
      return findingsOn(role, [
        ...(isOther ? [`reaches ${arn}, which isn't its own`] : []),
        ...(writes && !writers.includes(name ?? "") ? [`may write to ${arn}, which isn't its to write`] : []),
      ]);
    });
}

function dataStatements(graph: Graph, role: GraphNode): Statement[] {
  return graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "identity")
    .flatMap(({ statements }) => statements)
    .filter(
      ({ effect, actions, notActions }) =>
        effect === "Allow" && (notActions.length > 0 || actions.some((action) => /^(\*|dynamodb:)/i.test(action))),
    );
}

/** What lets nobody at an item: a list of all streams, and what AWS Backup asks of and starts for a table (PLAT-22). */
const withoutItems = /^dynamodb:(DescribeTable|ListStreams|ListTagsOfResource|StartAwsBackupJob)$/;

/** The table, or its stream or an index. */
function reaches(statement: Statement, arn: string): boolean {
  if (statement.notActions.length === 0 && statement.actions.every((action) => withoutItems.test(action))) return false;
  return [arn, `${arn}/stream/2026-01-01T00:00:00.000`, `${arn}/index/x`].some((each) =>
    coversResource(statement, each),
  );
}

function changes(graph: Graph, stack: StackJson, table: GraphNode): Finding[] {
  const replicate = functionsOf(graph, stack).get("replicate");
  const alias = aliasOf(graph, replicate);
  const role = replicate && graph.resolve(replicate.attributes.role, replicate.stack);
  const letters = replicate && deadLettersOf(graph, replicate);
  const mappings = nodesIn(graph, stack, "aws_lambda_event_source_mapping").filter((each) => {
    const lambda = graph.resolve(each.attributes.function_name, each.stack, { types: ["aws_lambda_function"] });
    const source = graph.resolve(each.attributes.event_source_arn, each.stack);
    return source === table || lambda === replicate || lambda === alias;
  });
  const [mapping, ...others] = mappings;
  if (replicate === undefined || alias === undefined || role === undefined || letters?.type !== "aws_sqs_queue")
    return findingsOn(table, ["must have the function replicate, with one alias, a role and dead letters"]);
  if (mapping === undefined || others.length > 0)
    return findingsOn(table, ["must have its stream go to replicate, and nowhere else"]);
  const batch = Number(mapping.attributes.batch_size ?? 100);
  return [
    ...findingsOn(mapping, [
      ...differences(graph, mapping, {
        ...kept(mapping, "batch_size"),
        event_source_arn: referenceTo(table, "stream_arn"),
        function_name: referenceTo(alias, "arn"),
        // Changes from before the first deployment too.
        starting_position: "TRIM_HORIZON",
        function_response_types: ["ReportBatchItemFailures"],
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: retryAttempts,
        destination_config: { on_failure: { destination_arn: referenceTo(letters, "arn") } },
      }),
      ...(batch >= 1 && batch <= 1_000 ? [] : [`must have batches of 1 to 1,000 changes (it has ${batch})`]),
    ]),
    ...findingsOn(role, [
      ...lacking(graph, role, readingStream, `${table.arn}/stream/2026-01-01T00:00:00.000`),
      ...lacking(graph, role, ["sqs:SendMessage"], String(letters.arn)),
    ]),
  ];
}

/** Actions that a role needs on a thing and isn't allowed, or is denied. */
function lacking(graph: Graph, role: GraphNode, actions: readonly string[], arn: string): string[] {
  const statements = graph
    .policiesOf(role)
    .filter(({ kind }) => kind === "identity")
    .flatMap((document) => document.statements)
    .filter((statement) => coversResource(statement, arn));
  return actions
    .filter((action) => {
      const about = statements.filter((statement) => coversAction(statement, action));
      return !about.some(({ effect }) => effect === "Allow") || about.some(({ effect }) => effect === "Deny");
    })
    .map((action) => `must be allowed ${action} on ${arn}`);
}

/** Each minute, so that the other regions know that this one is there, also when nothing changes. */
function heartbeat(graph: Graph, stack: StackJson): Finding[] {
  const lambda = functionsOf(graph, stack).get("replicate");
  const alias = aliasOf(graph, lambda);
  const [rule, ...otherRules] = nodesIn(graph, stack, "aws_cloudwatch_event_rule");
  const [target, ...otherTargets] = nodesIn(graph, stack, "aws_cloudwatch_event_target");
  const permissions = nodesIn(graph, stack, "aws_lambda_permission").filter(
    (node) => graph.resolve(node.attributes.function_name, node.stack, { types: ["aws_lambda_function"] }) === lambda,
  );
  const [permission, ...otherPermissions] = permissions;
  if (lambda === undefined || alias === undefined || rule === undefined || target === undefined)
    return [{ stack: stack.id, message: "must have replicate called by a schedule" }];
  if (permission === undefined) return findingsOn(rule, ["must be permitted to call replicate"]);
  const others = [...otherRules, ...otherTargets, ...otherPermissions];
  return [
    ...findingsOn(rule, differences(graph, rule, { ...kept(rule, "name"), schedule_expression: "rate(1 minute)" })),
    ...findingsOn(
      target,
      differences(graph, target, { rule: referenceTo(rule, "name"), arn: referenceTo(alias, "arn") }),
    ),
    ...findingsOn(
      permission,
      differences(graph, permission, {
        ...kept(permission, "statement_id"),
        action: "lambda:InvokeFunction",
        principal: "events.amazonaws.com",
        function_name: referenceTo(lambda, "function_name"),
        qualifier: referenceTo(alias, "name"),
        source_arn: referenceTo(rule, "arn"),
      }),
    ),
    ...others.flatMap((node) => findingsOn(node, ["is a further schedule, or a further way to replicate"])),
  ];
}

import { api16 } from "../../../../tap/audit/requirements/api-16";
import { type Mutation, prove } from "../../../support/prove";
import { provider, resource, type stackOf } from "../../../support/synthesized";
import { api, apiSetting, apiText, apiWith, apiWithin, apiWithout } from "./api-mutations";
import { adding, allowing, changing, nameOf, referenceTo, rewrite, without } from "./mutations";

const table = "aws_dynamodb_table";
const mapping = "aws_lambda_event_source_mapping";
const rule = "aws_cloudwatch_event_rule";
const target = "aws_cloudwatch_event_target";
const lambda = "aws_lambda_function";

const items = (attributes: Record<string, unknown>) => apiSetting(table, "Items", attributes);
const stream = (attributes: Record<string, unknown>) => apiSetting(mapping, "ItemChanges", attributes);

const role = (name: string, change: Parameters<typeof rewrite>[2]): Mutation =>
  api((stack) => rewrite(resource(stack, "aws_iam_role_policy", `${name}_Role_data-access`), "policy", change));

/** A role of another stack may do that with the table of the second region. */
const from =
  (component: string, name: string, action: string, part = ""): Mutation =>
  (subject, environment) => {
    const stack = subject.stacks.find(
      (each) => each.component === component && each.environmentSuffix === environment && each.region !== "us-west-2",
    ) as ReturnType<typeof stackOf>;
    const [accountId] = provider(stack).allowed_account_ids as string[];
    const arn = `arn:aws:dynamodb:us-west-2:${accountId}:table/tap-api-items-${environment}-us-west-2${part}`;
    rewrite(resource(stack, "aws_iam_role_policy", `${name}_Role_data-access`), "policy", allowing(action, [arn]));
  };

prove(
  api16,
  {
    "the table is gone": apiWithout(table, "Items"),
    "there is a second table": apiWith(table, { name: "tap-api-other", hash_key: "id" }),
    "the table isn't made": items({ count: 0 }),
    "the table is in another region": items({ region: "us-east-1" }),
    "the table has a replica": items({ replica: [{ region_name: "us-east-1" }] }),
    "the table has a replica in one block": items({ replica: { region_name: "us-east-1" } }),
    "a replica is made beside it": apiWith("aws_dynamodb_table_replica", (stack) => ({
      global_table_arn: referenceTo(stack, table, "Items", "arn"),
    })),
    "a global table is made beside it": apiWith("aws_dynamodb_global_table", (stack) => ({
      name: resource(stack, table, "Items").name,
      replica: [{ region_name: "us-east-1" }, { region_name: "us-west-2" }],
    })),
    "the table has a policy": apiWith("aws_dynamodb_resource_policy", (stack) => ({
      resource_arn: referenceTo(stack, table, "Items", "arn"),
      policy: "{}",
    })),
    "the table has another name": items({ name: "tap-api-things" }),
    "capacity is paid ahead": items({ billing_mode: "PROVISIONED", read_capacity: 5, write_capacity: 5 }),
    "capacity is what DynamoDB likes": items({ billing_mode: undefined }),
    "items have a second key": items({ range_key: "origin" }),
    "the key is another one": items({ hash_key: "name" }),
    "there is no recovery": items({ point_in_time_recovery: { enabled: false } }),
    "recovery isn't spoken of": items({ point_in_time_recovery: undefined }),
    "recovery is of a day": items({ point_in_time_recovery: { enabled: true, recovery_period_in_days: 1 } }),
    "the table is under DynamoDB's own key": items({ server_side_encryption: undefined }),
    "the table's key is switched off": apiWithin(table, "Items", "server_side_encryption.enabled", false),
    "the table is under AWS's key": items({ server_side_encryption: { enabled: true } }),
    "the table is under the other key": api((stack) => {
      (resource(stack, table, "Items").server_side_encryption as Record<string, unknown>).kms_key_arn = referenceTo(
        stack,
        "aws_kms_key",
        "CursorKey",
        "arn",
      );
    }),
    "nothing expires": items({ ttl: undefined }),
    "expiry is off": items({ ttl: { attribute_name: "expiresAt", enabled: false } }),
    "expiry is by another attribute": items({ ttl: { attribute_name: "updatedAt", enabled: true } }),
    "there is no stream": items({ stream_enabled: false }),
    "the stream has keys alone": items({ stream_view_type: "KEYS_ONLY" }),
    "deletion protection is the other way": api((stack) => {
      const attributes = resource(stack, table, "Items");
      attributes.deletion_protection_enabled = !attributes.deletion_protection_enabled;
    }),
    "Terraform leaves the table as it is": items({ lifecycle: { ignore_changes: ["replica"] } }),
    "a role of the other region reads the table": from("api", "items", "dynamodb:GetItem"),
    "a role of the other region writes to the table": from("api", "messages", "dynamodb:PutItem"),
    "a role of the other region reads the stream": from("api", "replicate", "dynamodb:GetRecords", "/stream/*"),
    "a role of the other region uses every table that starts alike": from("api", "items", "dynamodb:Query", "*"),
    "a role of the jobs reads the table": from("jobs", "follow", "dynamodb:GetItem"),
    "a role uses tables of all regions": role(
      "health",
      allowing("dynamodb:Query", ["arn:aws:dynamodb:*:*:table/tap-*"]),
    ),
    "a role may do all but something": role("health", adding({ NotAction: ["iam:*"], Resource: ["*"] })),
    "who says how it goes may write": role(
      "health",
      changing("Items", () => ({ Action: ["dynamodb:PutItem"] })),
    ),
    "who publishes may delete": api((stack) =>
      rewrite(
        resource(stack, "aws_iam_role_policy", "replicate_Role_data-access"),
        "policy",
        allowing("dynamodb:DeleteItem", [
          resource(stack, "aws_iam_role_policy", "items_Role_data-access")
            .policy?.toString()
            .match(/arn:aws:dynamodb:[^"\\]+/)?.[0] as string,
        ]),
      ),
    ),
    "a role of nobody's reaches the table": api((stack) => {
      const policy = resource(stack, "aws_iam_role_policy", "items_Role_data-access");
      const own = stack.json.resource?.aws_iam_role?.[nameOf(stack, "aws_iam_role", "items")] as object;
      stack.json.resource = {
        ...stack.json.resource,
        aws_iam_role: { ...stack.json.resource?.aws_iam_role, Added: { ...own, name: "tap-api-added" } },
        aws_iam_role_policy: {
          ...stack.json.resource?.aws_iam_role_policy,
          Added: { ...policy, role: "${aws_iam_role.Added.name}" },
        },
      };
    }),
    "items are another region's": otherRegion("items", "TABLE_NAME", "us-east-1"),
    "health looks at no table": apiWithin(lambda, "health", "environment.variables.TABLE_NAME", undefined),
    "replicate knows the table": apiWithin(lambda, "replicate", "environment.variables.TABLE_NAME", "tap-api-items"),
    "replicate publishes in another region": otherRegion("replicate", "TOPIC_ARN", "us-east-1"),
    "items publish": apiWithin(lambda, "items", "environment.variables.TOPIC_ARN", "arn:aws:sns:us-west-2:1:x"),
    "nobody reads the stream": apiWithout(mapping, "ItemChanges"),
    "nobody reads the stream for now": stream({ enabled: false }),
    "the stream goes to another function": api((stack) => {
      resource(stack, mapping, "ItemChanges").function_name = referenceTo(stack, "aws_lambda_alias", "items", "arn");
    }),
    "the stream goes past the alias": api((stack) => {
      resource(stack, mapping, "ItemChanges").function_name = referenceTo(stack, lambda, "replicate", "arn");
    }),
    "the stream goes to a second function": apiWith(mapping, (stack) => ({
      ...resource(stack, mapping, "ItemChanges"),
      function_name: referenceTo(stack, "aws_lambda_alias", "messages", "arn"),
    })),
    "the table itself is read": apiText(mapping, "ItemChanges", "event_source_arn", ".stream_arn", ".arn"),
    "earlier changes are left out": stream({ starting_position: "LATEST" }),
    "some changes are left out": stream({ filter_criteria: { filter: [{ pattern: "{}" }] } }),
    "changes are retried for a day": stream({ maximum_retry_attempts: undefined }),
    "changes aren't retried": stream({ maximum_retry_attempts: 0 }),
    "changes are forgotten after a minute": stream({ maximum_record_age_in_seconds: 60 }),
    "a batch fails as a whole": stream({ function_response_types: undefined }),
    "a batch isn't split": stream({ bisect_batch_on_function_error: false }),
    "changes of an item overtake each other": stream({ tumbling_window_in_seconds: 60 }),
    "a batch is as large as can be": stream({ batch_size: 10_000 }),
    "what fails is forgotten": stream({ destination_config: undefined }),
    "what fails goes to somebody": apiWithin(mapping, "ItemChanges", "destination_config.on_failure", {
      destination_arn: "arn:aws:sqs:us-west-2:999999999999:x",
    }),
    "what fails goes to another function's dead letters": api((stack) => {
      resource(stack, mapping, "ItemChanges").destination_config = {
        on_failure: { destination_arn: referenceTo(stack, "aws_sqs_queue", "items_DeadLetters", "arn") },
      };
    }),
    "replicate may not read the stream": role("replicate", without("ItemsStream")),
    "replicate is denied the stream": role(
      "replicate",
      changing("ItemsStream", () => ({ Effect: "Deny" })),
    ),
    "replicate may not send what fails": api((stack) =>
      rewrite(
        resource(stack, "aws_iam_role_policy", "replicate_Role_basic-execution"),
        "policy",
        without("SendDeadLetters"),
      ),
    ),
    "replicate is gone": apiWithout(lambda, "replicate"),
    "there is no schedule": apiWithout(rule, "Heartbeat"),
    "the schedule is off": apiSetting(rule, "Heartbeat", { state: "DISABLED" }),
    "the schedule is off, as it used to be": apiSetting(rule, "Heartbeat", { is_enabled: false }),
    "the schedule is of an hour": apiSetting(rule, "Heartbeat", { schedule_expression: "rate(1 hour)" }),
    "the schedule waits for an event": apiSetting(rule, "Heartbeat", { event_pattern: "{}" }),
    "the schedule is on another bus": apiSetting(rule, "Heartbeat", { event_bus_name: "other" }),
    "the schedule calls nobody": apiWithout(target, "Heartbeat"),
    "the schedule calls another function": api((stack) => {
      resource(stack, target, "Heartbeat").arn = referenceTo(stack, "aws_lambda_alias", "items", "arn");
    }),
    "the schedule says something else": apiSetting(target, "Heartbeat", { input: '{"Records":[]}' }),
    "the target is of another schedule": apiSetting(target, "Heartbeat", { rule: "tap-other" }),
    "the schedule may not call": apiWithout("aws_lambda_permission", "Heartbeat"),
    "every schedule may call": apiSetting("aws_lambda_permission", "Heartbeat", { source_arn: undefined }),
    "somebody else may call": apiSetting("aws_lambda_permission", "Heartbeat", { principal: "*" }),
    "the schedule may call the function, not the alias": apiSetting("aws_lambda_permission", "Heartbeat", {
      qualifier: undefined,
    }),
    "there is a second schedule": apiWith(rule, { name: "tap-api-other", schedule_expression: "rate(1 day)" }),
  },
  { alone: true, without: ["files", "stream"] },
);

/** A function of the second region is told a thing of another one. */
function otherRegion(name: string, variable: string, region: string): Mutation {
  return api((stack) => {
    const { variables } = resource(stack, lambda, name).environment as { variables: Record<string, string> };
    variables[variable] = String(variables[variable]).replaceAll("us-west-2", region);
  });
}

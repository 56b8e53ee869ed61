import { sec05 } from "../../../../tap/audit/requirements/sec-05";
import type { StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource, stackOf } from "../../../support/synthesized";
import { apiSetting, apiWithout } from "./api-mutations";
import {
  add,
  adding,
  assign,
  bootstrap,
  changing,
  nameOf,
  network,
  remove,
  rewrite,
  security,
  without,
} from "./mutations";
import { judgedOn, stream, streamResource, streamSetting } from "./stream-mutations";

const judged = judgedOn("api us-west-2", "bootstrap", "network us-west-2", "security", "stream");

const flowLog = (attributes: Attributes): Mutation =>
  network((stack) => assign(resource(stack, "aws_flow_log"), attributes));

const accessLogPolicy = (change: Parameters<typeof rewrite>[2]): Mutation =>
  security((stack) => rewrite(resource(stack, "aws_s3_bucket_policy", "AccessLogBucket"), "policy", change));

const bucketLogging = (attributes: Attributes) => streamSetting("aws_s3_bucket_logging", "Bucket_", attributes);

const setting =
  (attributes: object): Mutation =>
  (subject, environment) =>
    Object.assign(subject.environments.find((each) => each.environmentSuffix === environment) ?? {}, attributes);

const stage = "aws_api_gateway_stage";

const flowLogs: Record<string, Mutation> = {
  "a VPC has no flow log": network((stack) => remove(stack, "aws_flow_log", "FlowLog")),
  "there is a second VPC": network((stack) => add(stack, "aws_vpc", { cidr_block: "10.99.0.0/16" })),
  "what is let in isn't logged": flowLog({ traffic_type: "REJECT" }),
  "traffic is told of after ten minutes": flowLog({ max_aggregation_interval: 600 }),
  "some fields are left out": flowLog({ log_format: "addresses alone" }),
  "flow logs are of a subnet alone": flowLog({ vpc_id: undefined, subnet_id: "subnet-1" }),
  "flow logs go to a bucket": flowLog({ log_destination_type: "s3", log_destination: "arn:aws:s3:::other" }),
  "flow logs have no role": flowLog({ iam_role_arn: undefined }),
  "flow logs may not be written": network((stack) =>
    rewrite(resource(stack, "aws_iam_role_policy", "FlowLogRole"), "policy", without("WriteFlowLogs")),
  ),
  "everybody may write flow logs": network((stack) =>
    rewrite(
      resource(stack, "aws_iam_role", "FlowLogRole"),
      "assume_role_policy",
      changing("AssumeByService", () => ({ Principal: { Service: ["ec2.amazonaws.com"] } })),
    ),
  ),
  "flow logs are kept for ever": network((stack) =>
    assign(resource(stack, "aws_cloudwatch_log_group", "FlowLogGroup"), { retention_in_days: undefined }),
  ),
};

const accessLogs: Record<string, Mutation> = {
  "a bucket has no access log": stream((stack) => remove(stack, "aws_s3_bucket_logging", "Bucket_")),
  "a bucket logs twice": stream((stack) =>
    add(stack, "aws_s3_bucket_logging", resource(stack, "aws_s3_bucket_logging", "Bucket_")),
  ),
  "a bucket logs into itself": streamResource("aws_s3_bucket_logging", "Bucket_", (attributes) => {
    attributes.target_bucket = attributes.bucket;
  }),
  "a bucket logs into a bucket that isn't there": bucketLogging({ target_bucket: "tap-other" }),
  "a bucket logs into another region": streamResource("aws_s3_bucket_logging", "Bucket_", (attributes) => {
    attributes.target_bucket = String(attributes.target_bucket).replace(/us-(east|west)-\d/, "eu-west-1");
  }),
  "logs of two buckets can't be told apart": bucketLogging({ target_prefix: "" }),
  "the access-log bucket isn't there": security((stack) => remove(stack, "aws_s3_bucket", "AccessLogBucket")),
  "the access-log bucket logs into itself": security((stack) => {
    const bucket = `\${aws_s3_bucket.${nameOf(stack, "aws_s3_bucket", "AccessLogBucket")}.id}`;
    add(stack, "aws_s3_bucket_logging", { bucket, target_bucket: bucket, target_prefix: "logs/" });
  }),
  "S3 may not bring access logs": accessLogPolicy(without("AccessLogDelivery")),
  "each account's buckets may log there": accessLogPolicy(
    changing("AccessLogDelivery", () => ({ Condition: undefined })),
  ),
  "somebody else may write access logs": accessLogPolicy(
    adding({ Principal: { AWS: "999999999999" }, Action: "s3:PutObject", Resource: "*" }),
  ),
};

const logs: Record<string, Mutation> = {
  "a stage has no access log": streamSetting(stage, undefined, { access_log_settings: undefined }),
  "a stage of the API has no access log": apiSetting(stage, "Stage", { access_log_settings: undefined }),
  "a stage comes before its execution log": streamSetting(stage, undefined, { depends_on: [] }),
  "a stage has no execution log": stream((stack) => remove(stack, "aws_cloudwatch_log_group", "ExecutionLogs")),
  "the execution log is kept for ever": streamSetting("aws_cloudwatch_log_group", "ExecutionLogs", {
    retention_in_days: undefined,
  }),
  "the execution log has no customer key": streamSetting("aws_cloudwatch_log_group", "ExecutionLogs", {
    kms_key_id: undefined,
  }),
  "what callers send is logged": streamResource("aws_api_gateway_method_settings", undefined, ({ settings }) => {
    (settings as Attributes).data_trace_enabled = true;
  }),
  "whether what callers send is logged is left open": streamResource(
    "aws_api_gateway_method_settings",
    undefined,
    ({ settings }) => {
      delete (settings as Attributes).data_trace_enabled;
    },
  ),
  "nothing is logged of the gateway's work": streamResource(
    "aws_api_gateway_method_settings",
    undefined,
    ({ settings }) => {
      (settings as Attributes).logging_level = "OFF";
    },
  ),
  "one method is logged otherwise": stream((stack) =>
    add(stack, "aws_api_gateway_method_settings", {
      ...resource(stack, "aws_api_gateway_method_settings"),
      method_path: "process/POST",
    }),
  ),
  "there is an API of another type": stream((stack) => add(stack, "aws_apigatewayv2_stage", { name: "live" })),
  "there is a second stage": stream((stack) => add(stack, stage, resource(stack, stage))),

  "a web ACL has no log": apiWithout("aws_wafv2_web_acl_logging_configuration", "WebAcl"),
  "another system's web ACL has no log": stream((stack) => {
    delete stack.json.resource?.aws_wafv2_web_acl_logging_configuration;
  }),
  "a web ACL is added without a log": stream((stack) =>
    add(stack, "aws_wafv2_web_acl", { name: "other", scope: "REGIONAL" }),
  ),
  "a web ACL logs keys": apiSetting("aws_wafv2_web_acl_logging_configuration", "WebAcl", {
    redacted_fields: undefined,
  }),
  "a web ACL logs some requests": apiSetting("aws_wafv2_web_acl_logging_configuration", "WebAcl", {
    logging_filter: { default_behavior: "DROP" },
  }),
  "a web ACL's log is kept for ever": apiSetting("aws_cloudwatch_log_group", "WebAcl", {
    retention_in_days: undefined,
  }),
};

prove(sec05, { ...flowLogs, ...accessLogs, ...logs }, judged);

prove(
  sec05,
  {
    "there is a trail that nobody configured": security((stack) => add(stack, "aws_cloudtrail", { name: "other" })),
    "the configuration asks for a trail": setting({ audit: { trail: true, retentionDays: 30 } }),
  },
  { ...judged, environments: ["dev", "staging", "pr12"] },
);

prove(
  sec05,
  {
    "the states have no access log": bootstrap((stack) => remove(stack, "aws_s3_bucket_logging", "StateBucket")),
    "the states log into the systems' access logs": bootstrap((stack) => {
      const attributes = resource(stack, "aws_s3_bucket_logging", "StateBucket");
      attributes.target_bucket = "tap-security-access-logs-prod-us-east-1-333333333333";
    }),
  },
  { ...judged, environments: ["dev", "staging", "prod"] },
);

const trail = (attributes: Attributes): Mutation =>
  security((stack) => assign(resource(stack, "aws_cloudtrail"), attributes));

/** Changes what a trail records. */
const recording = (change: (selectors: Attributes[]) => readonly Attributes[]): Mutation =>
  security((stack) => {
    const attributes = resource(stack, "aws_cloudtrail");
    attributes.advanced_event_selector = change(attributes.advanced_event_selector as Attributes[]);
  });

const leaving = (name: string) =>
  recording((selectors) => selectors.filter((selector) => !String(selector.name).startsWith(name)));

/** Changes the third thing that is asked of what is recorded: which one it is. */
const narrowing = (name: string, attributes: Attributes) =>
  recording((selectors) => {
    const [selector] = selectors.filter((each) => String(each.name).startsWith(name));
    const fields = selector?.field_selector as Attributes[];
    assign(fields.at(-1) as Attributes, attributes);
    return selectors;
  });

const trailBucket = (change: Parameters<typeof rewrite>[2]): Mutation =>
  security((stack) => rewrite(resource(stack, "aws_s3_bucket_policy", "AuditTrail"), "policy", change));

const trailRole = (change: Parameters<typeof rewrite>[2]): Mutation =>
  security((stack) => rewrite(resource(stack, "aws_iam_role_policy", "AuditTrail"), "policy", change));

const trailTrust = (change: Parameters<typeof rewrite>[2]): Mutation =>
  security((stack) => rewrite(resource(stack, "aws_iam_role", "AuditTrail"), "assume_role_policy", change));

const trailLog = (attributes: Attributes): Mutation =>
  security((stack) => assign(resource(stack, "aws_cloudwatch_log_group", "AuditTrail"), attributes));

const secondRegion =
  (mutate: (stack: StackJson) => void): Mutation =>
  (subject, environment) =>
    mutate(stackOf(subject, environment, "security", "us-west-2"));

prove(
  sec05,
  {
    "there is no trail": security((stack) => remove(stack, "aws_cloudtrail", "AuditTrail")),
    "the second region has a trail of its own": (subject, environment) => {
      const { aws_cloudtrail } = stackOf(subject, environment, "security", "us-east-1").json.resource ?? {};
      secondRegion((stack) => Object.assign(stack.json.resource ?? {}, { aws_cloudtrail }))(subject, environment);
    },
    "a trail records twice": security((stack) => add(stack, "aws_cloudtrail", resource(stack, "aws_cloudtrail"))),
    "another stack has a trail": stream((stack) => add(stack, "aws_cloudtrail", { name: "other" })),
    "the configuration switches it off": setting({ audit: { trail: false, retentionDays: 30 } }),
    "the configuration and the stack have it off": (subject, environment) => {
      setting({ audit: { trail: false, retentionDays: 30 } })(subject, environment);
      for (const { json } of subject.stacks) delete json.resource?.aws_cloudtrail;
    },
    "the trail is stopped": trail({ enable_logging: false }),
    "files can be changed unseen": trail({ enable_log_file_validation: false }),
    "what belongs to no region isn't recorded": trail({ include_global_service_events: false }),
    "the trail records its own region alone": trail({ is_multi_region_trail: false }),
    "items of the second region aren't recorded": narrowing("Items", {
      starts_with: ["arn:aws:dynamodb:us-east-1:333333333333:table/tap-"],
    }),
    "functions of the second region aren't recorded": narrowing("Invocations", {
      starts_with: ["arn:aws:lambda:us-east-1:333333333333:function:tap-"],
    }),
    "the trail is in no log group": trail({ cloud_watch_logs_group_arn: undefined }),
    "the trail is in a log group of somebody": trail({
      cloud_watch_logs_group_arn: "arn:aws:logs:us-east-1:999999999999:log-group:other:*",
    }),
    "the trail may write one stream alone": security((stack) => {
      const attributes = resource(stack, "aws_cloudtrail");
      attributes.cloud_watch_logs_group_arn = String(attributes.cloud_watch_logs_group_arn).replace(":*", ":one");
    }),
    "the trail writes by no role": trail({ cloud_watch_logs_role_arn: undefined }),
    "the trail writes by a role of the backups": security((stack) => {
      const role = `\${aws_iam_role.${nameOf(stack, "aws_iam_role", "Backups")}.arn}`;
      assign(resource(stack, "aws_cloudtrail"), { cloud_watch_logs_role_arn: role });
    }),
    "the trail's role may write nothing": trailRole(without("WriteTrail")),
    "the trail's role may make no stream": trailRole(changing("WriteTrail", () => ({ Action: ["logs:PutLogEvents"] }))),
    "the trail's role may write other streams": trailRole(
      changing("WriteTrail", ({ Resource = [] }) => ({
        Resource: Resource.map((arn) => arn.replace(/:log-stream:.*/, ":*")),
      })),
    ),
    "the trail's role may read as well": trailRole(
      adding({ Action: ["logs:GetLogEvents"], Resource: ["arn:aws:logs:us-east-1:333333333333:log-group:tap-*"] }),
    ),
    "the trail's role is entered by another service": trailTrust(
      changing("AssumeByService", () => ({ Principal: { Service: ["lambda.amazonaws.com"] } })),
    ),
    "the trail's role is entered by another service too": trailTrust(
      adding({ Principal: { Service: ["lambda.amazonaws.com"] }, Action: ["sts:AssumeRole"] }),
    ),
    "the trail's role is for any trail": trailTrust(changing("AssumeByService", () => ({ Condition: undefined }))),
    "the trail's role is for each trail of the account": trailTrust(
      changing("AssumeByService", ({ Condition }) => ({
        Condition: { StringEqualsIfExists: Condition?.StringEqualsIfExists },
      })),
    ),
    "the trail's log is kept for ever": trailLog({ retention_in_days: undefined }),
    "the trail's log is kept a month": trailLog({ retention_in_days: 30 }),
    "the trail's log has no customer key": trailLog({ kms_key_id: undefined }),
    "CloudWatch Logs may not use the trail's key": security((stack) =>
      rewrite(resource(stack, "aws_kms_key", "AuditTrail"), "policy", without("Logs")),
    ),
    "the trail's files aren't encrypted with its key": trail({ kms_key_id: undefined }),
    "CloudTrail may not use the key": security((stack) =>
      rewrite(resource(stack, "aws_kms_key", "AuditTrail"), "policy", without("TrailWrites")),
    ),
    "the trail writes into a bucket of somebody": trail({ s3_bucket_name: "other" }),
    "CloudTrail may not write": trailBucket(without("TrailWrites")),
    "CloudTrail can't see that the bucket is its own": trailBucket(without("TrailChecksBucket")),
    "each trail may write": trailBucket(changing("TrailWrites", () => ({ Condition: undefined }))),
    "somebody else may write": trailBucket(
      adding({ Principal: { AWS: "999999999999" }, Action: "s3:PutObject", Resource: "*" }),
    ),
    "what is recorded is kept a month": security((stack) => {
      const [rule] = resource(stack, "aws_s3_bucket_lifecycle_configuration", "AuditTrail").rule as Attributes[];
      assign(rule as Attributes, { expiration: [{ days: 30 }] });
    }),
    "the use of keys isn't recorded": leaving("Management"),
    "the use of keys is left out": narrowing("Management", { not_equals: ["kms.amazonaws.com"] }),
    "reading isn't recorded": recording((selectors) =>
      selectors.map((selector) => ({
        ...selector,
        field_selector: [...(selector.field_selector as Attributes[]), { field: "readOnly", equals: ["false"] }],
      })),
    ),
    "objects aren't recorded": leaving("Objects"),
    "items aren't recorded": leaving("Items"),
    "invocations aren't recorded": leaving("Invocations"),
    "objects of one bucket alone are recorded": narrowing("Objects", { starts_with: ["arn:aws:s3:::tap-jobs-"] }),
    "the trail records what it writes": narrowing("Objects", { not_starts_with: undefined }),
    "items of another account are recorded": narrowing("Items", {
      starts_with: ["arn:aws:dynamodb:us-east-1:999999999999:table/tap-"],
    }),
    "something is recorded that nobody looked at": recording((selectors) => [
      ...selectors,
      {
        name: "Messages",
        field_selector: [
          { field: "eventCategory", equals: ["Data"] },
          { field: "resources.type", equals: ["AWS::SQS::Queue"] },
        ],
      },
    ]),
    "the trail's bucket has no access log": security((stack) => remove(stack, "aws_s3_bucket_logging", "AuditTrail")),
    "a replica has no access log": stream((stack) => {
      const all = stack.json.resource?.aws_s3_bucket_logging ?? {};
      for (const [name, { region }] of Object.entries(all)) if (region !== undefined) delete all[name];
    }),
    "a replica logs into the other region": stream((stack) => {
      for (const logging of Object.values(stack.json.resource?.aws_s3_bucket_logging ?? {}))
        logging.target_bucket = String(logging.target_bucket).replace("us-west-2", "us-east-1");
    }),
  },
  { ...judged, environments: ["prod"] },
);

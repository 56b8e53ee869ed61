import { casesOf, type PlanCase, policy } from "./case";

const trust = { Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" };
const read = {
  Sid: "Read",
  Effect: "Allow",
  Action: ["s3:GetObject", "s3:ListBucket"],
  Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"],
};
const fromTopic = {
  Effect: "Allow",
  Principal: { Service: "sns.amazonaws.com" },
  Action: "sqs:SendMessage",
  Resource: "arn:aws:sqs:us-east-1:123456789012:jobs",
};
const bySource = {
  ...fromTopic,
  Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:alarms" } },
};
const denyPlain = {
  Sid: "Tls",
  Effect: "Deny",
  Principal: "*",
  Action: "s3:*",
  Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*"],
  Condition: { Bool: { "aws:SecureTransport": "false" } },
};
const gone = undefined;

/** Who may do what: policies by what they mean, networks, alarms, gateways. */
export const accessCases: readonly PlanCase[] = [
  ...casesOf("aws_iam_role_policy", { name: "work", role: "worker" }, [
    [
      "reordered and reformatted",
      { policy: policy(read) },
      {
        policy: JSON.stringify(
          {
            Statement: [
              {
                Resource: ["arn:aws:s3:::orders/*", "arn:aws:s3:::orders"],
                Action: ["s3:ListBucket", "s3:GetObject"],
                Effect: "Allow",
                Sid: "Read",
              },
            ],
            Version: "2012-10-17",
          },
          null,
          2,
        ),
      },
      "safe",
      "means the same, and is only written differently",
    ],
    [
      "split over statements",
      { policy: policy(read) },
      {
        policy: policy(
          { ...read, Sid: "One", Action: "s3:GetObject" },
          { ...read, Sid: "Two", Action: "s3:ListBucket" },
        ),
      },
      "safe",
      "means the same",
    ],
    [
      "narrower",
      { policy: policy(read) },
      { policy: policy({ ...read, Action: "s3:GetObject" }) },
      "safe",
      "gives less: no longer “s3:ListBucket”",
    ],
    [
      "narrower by a condition",
      { policy: policy(read) },
      { policy: policy({ ...read, Condition: { StringEquals: { "aws:ResourceAccount": "123456789012" } } }) },
      "safe",
      "gives less",
    ],
    [
      "another action",
      { policy: policy(read) },
      { policy: policy({ ...read, Action: ["s3:GetObject", "s3:ListBucket", "s3:DeleteObject"] }) },
      "review",
      "allows “s3:DeleteObject” on",
    ],
    [
      "another resource",
      { policy: policy(read) },
      {
        policy: policy({
          ...read,
          Resource: ["arn:aws:s3:::orders", "arn:aws:s3:::orders/*", "arn:aws:s3:::invoices/*"],
        }),
      },
      "review",
      "on “arn:aws:s3:::invoices/*”",
    ],
    [
      "everything",
      { policy: policy(read) },
      { policy: policy(read, { Effect: "Allow", Action: "*", Resource: "*" }) },
      "dangerous",
      "allows “*” on “*”",
    ],
    [
      "rights to make rights",
      { policy: policy(read) },
      {
        policy: policy(read, {
          Effect: "Allow",
          Action: "iam:PassRole",
          Resource: "arn:aws:iam::123456789012:role/admin",
        }),
      },
      "dangerous",
      "allows “iam:PassRole”",
    ],
    [
      "a condition dropped",
      { policy: policy({ ...read, Condition: { StringEquals: { "aws:ResourceAccount": "123456789012" } } }) },
      { policy: policy(read) },
      "dangerous",
      "no longer “StringEquals aws:ResourceAccount 123456789012”",
    ],
    [
      "a Deny gone",
      { policy: policy(read, { Effect: "Deny", Action: "s3:GetObject", Resource: "arn:aws:s3:::orders/secret/*" }) },
      { policy: policy(read) },
      "dangerous",
      "no longer denies “s3:GetObject” on “arn:aws:s3:::orders/secret/*”",
    ],
    [
      "a Deny more",
      { policy: policy(read) },
      { policy: policy(read, { Effect: "Deny", Action: "s3:GetObject", Resource: "arn:aws:s3:::orders/secret/*" }) },
      "safe",
      "is denied",
    ],
    [
      "NotAction",
      { policy: policy(read) },
      { policy: policy({ Effect: "Allow", NotAction: "iam:*", Resource: "*" }) },
      "dangerous",
      "NotAction",
    ],
    ["new", gone, { policy: policy(read) }, "review", "allows"],
    ["deleted", { policy: policy(read) }, gone, "review", "is deleted"],
  ]),
  ...casesOf("aws_iam_role", { name: "worker" }, [
    [
      "another account may become it",
      { assume_role_policy: policy(trust) },
      {
        assume_role_policy: policy(trust, {
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::999999999999:root" },
          Action: "sts:AssumeRole",
        }),
      },
      "dangerous",
      "to “AWS arn:aws:iam::999999999999:root”",
    ],
    [
      "everyone may become it",
      { assume_role_policy: policy(trust) },
      { assume_role_policy: policy({ Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" }) },
      "dangerous",
      "allows everyone, without any condition",
    ],
    [
      "boundary gone",
      { assume_role_policy: policy(trust), permissions_boundary: "arn:aws:iam::123456789012:policy/workload" },
      { assume_role_policy: policy(trust) },
      "dangerous",
      "no longer held within its boundary",
    ],
    ["new", gone, { assume_role_policy: policy(trust) }, "safe", "to “Service lambda.amazonaws.com”"],
    ["deleted", { assume_role_policy: policy(trust) }, gone, "review", "is refused from then on"],
    [
      "renamed",
      { assume_role_policy: policy(trust) },
      { name: "worker-2", assume_role_policy: policy(trust) },
      "dangerous",
      "don't mean the new one",
    ],
  ]),
  ...casesOf("aws_iam_role_policy_attachment", { role: "worker" }, [
    [
      "of an administrator",
      gone,
      { policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess" },
      "dangerous",
      "it gets all the rights of “arn:aws:iam::aws:policy/AdministratorAccess”",
    ],
    [
      "new",
      gone,
      { policy_arn: "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole" },
      "review",
      "gives the rights of",
    ],
  ]),
  ...casesOf("aws_sqs_queue_policy", { queue_url: "https://sqs.us-east-1.amazonaws.com/123456789012/jobs" }, [
    [
      "a condition dropped",
      { policy: policy(bySource) },
      { policy: policy(fromTopic) },
      "dangerous",
      "asks for other conditions: no longer “ArnEquals aws:SourceArn",
    ],
    [
      "everyone",
      { policy: policy(bySource) },
      { policy: policy(bySource, { ...fromTopic, Principal: "*" }) },
      "dangerous",
      "allows everyone, without any condition, “sqs:SendMessage”",
    ],
    ["a condition more", { policy: policy(fromTopic) }, { policy: policy(bySource) }, "safe", "gives less"],
  ]),
  ...casesOf("aws_sns_topic_policy", { arn: "arn:aws:sns:us-east-1:123456789012:alarms" }, [
    [
      "another account",
      {
        policy: policy({
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::123456789012:root" },
          Action: "sns:Publish",
          Resource: "*",
        }),
      },
      {
        policy: policy({
          Effect: "Allow",
          Principal: { AWS: ["arn:aws:iam::123456789012:root", "arn:aws:iam::999999999999:root"] },
          Action: "sns:Publish",
          Resource: "*",
        }),
      },
      "dangerous",
      "to “AWS arn:aws:iam::999999999999:root”",
    ],
  ]),
  ...casesOf("aws_s3_bucket_policy", { bucket: "orders" }, [
    ["deleted with its Deny", { policy: policy(denyPlain) }, gone, "dangerous", "no longer denies “s3:*”"],
    [
      "public",
      { policy: policy(denyPlain) },
      {
        policy: policy(denyPlain, {
          Effect: "Allow",
          Principal: "*",
          Action: "s3:GetObject",
          Resource: "arn:aws:s3:::orders/*",
        }),
      },
      "dangerous",
      "allows everyone, without any condition, “s3:GetObject”",
    ],
  ]),
  ...casesOf("aws_kms_key", { description: "orders" }, [
    [
      "another account uses it",
      {
        policy: policy({
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::123456789012:root" },
          Action: "kms:*",
          Resource: "*",
        }),
      },
      {
        policy: policy(
          { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "kms:*", Resource: "*" },
          {
            Effect: "Allow",
            Principal: { AWS: "arn:aws:iam::999999999999:root" },
            Action: "kms:Decrypt",
            Resource: "*",
          },
        ),
      },
      "dangerous",
      "allows “kms:Decrypt”",
    ],
  ]),
  ...casesOf("aws_vpc_endpoint", { vpc_id: "vpc-1", service_name: "com.amazonaws.us-east-1.s3" }, [
    [
      "lets more through",
      {
        policy: policy({ Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::orders/*" }),
      },
      { policy: policy({ Effect: "Allow", Principal: "*", Action: "s3:*", Resource: "*" }) },
      "review",
      "allows “s3:*”",
    ],
  ]),
  ...casesOf(
    "aws_lambda_permission",
    {
      statement_id: "api",
      action: "lambda:InvokeFunction",
      function_name: "worker",
      principal: "apigateway.amazonaws.com",
    },
    [
      [
        "without a source",
        { source_arn: "arn:aws:execute-api:us-east-1:123456789012:abc/*" },
        {},
        "dangerous",
        "asks for other conditions",
      ],
      ["for everyone", gone, { principal: "*" }, "dangerous", "allows everyone, without any condition"],
      [
        "new",
        gone,
        { source_arn: "arn:aws:execute-api:us-east-1:123456789012:abc/*" },
        "safe",
        "allows “lambda:InvokeFunction”",
      ],
      ["deleted", {}, gone, "review", "is deleted"],
    ],
  ),
  ...casesOf(
    "aws_vpc_security_group_ingress_rule",
    { security_group_id: "sg-1", ip_protocol: "tcp", from_port: 443, to_port: 443 },
    [
      [
        "open",
        gone,
        { cidr_ipv4: "0.0.0.0/0" },
        "dangerous",
        "opens port “443” for “0.0.0.0/0”: everyone on the internet",
      ],
      ["opened", { cidr_ipv4: "10.0.0.0/16" }, { cidr_ipv4: "0.0.0.0/0" }, "dangerous", "everyone on the internet"],
      [
        "half the internet",
        { cidr_ipv4: "10.0.0.0/16" },
        { cidr_ipv4: "128.0.0.0/1" },
        "dangerous",
        "everyone on the internet",
      ],
      ["open by IPv6", gone, { cidr_ipv6: "::/0" }, "dangerous", "for “::/0”"],
      ["within the network", gone, { cidr_ipv4: "10.0.0.0/16" }, "review", "lets in port “443” for “10.0.0.0/16”"],
    ],
  ),
  ...casesOf("aws_security_group", { name: "work", vpc_id: "vpc-1" }, [
    [
      "opened",
      { ingress: [] },
      {
        ingress: [
          {
            from_port: 22,
            to_port: 22,
            protocol: "tcp",
            cidr_blocks: ["0.0.0.0/0"],
            description: "",
            ipv6_cidr_blocks: [],
            prefix_list_ids: [],
            security_groups: [],
            self: false,
          },
        ],
      },
      "dangerous",
      "opens port “22” for “0.0.0.0/0”",
    ],
  ]),
  ...casesOf("aws_subnet", { vpc_id: "vpc-1", cidr_block: "10.0.0.0/24" }, [
    [
      "public addresses",
      {},
      { map_public_ip_on_launch: true },
      "dangerous",
      "the internet reaches it: “map_public_ip_on_launch” is turned on",
    ],
  ]),
  ...casesOf("aws_route", { route_table_id: "rtb-1" }, [
    [
      "to the internet",
      gone,
      { destination_cidr_block: "0.0.0.0/0", gateway_id: "igw-1" },
      "dangerous",
      "the network reaches the internet",
    ],
  ]),
  ...casesOf("aws_internet_gateway", {}, [
    ["new", gone, { vpc_id: "vpc-1" }, "dangerous", "a way between the network and the internet"],
  ]),
  ...casesOf("aws_s3_bucket_public_access_block", { bucket: "orders" }, [
    [
      "off",
      { block_public_acls: true, block_public_policy: true },
      { block_public_acls: true, block_public_policy: false },
      "dangerous",
      "what keeps everyone out is turned off (“block_public_policy”)",
    ],
    ["deleted", { block_public_acls: true }, gone, "dangerous", "can be opened to everyone"],
  ]),
  ...casesOf(
    "aws_api_gateway_method",
    { rest_api_id: "abc", resource_id: "def", http_method: "GET", authorization: "NONE" },
    [
      [
        "no key",
        { api_key_required: true },
        { api_key_required: false },
        "dangerous",
        "callers need no API key any more",
      ],
      ["nobody asks who it is", { authorization: "AWS_IAM" }, {}, "dangerous", "no longer asked who they are"],
      ["deleted", {}, gone, "dangerous", "no longer answered"],
    ],
  ),
  ...casesOf(
    "aws_wafv2_web_acl_association",
    {
      resource_arn: "arn:aws:apigateway:us-east-1::/restapis/abc/stages/v1",
      web_acl_arn: "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/api/1",
    },
    [["detached", {}, gone, "dangerous", "requests are no longer filtered"]],
  ),
  ...casesOf(
    "aws_cloudwatch_metric_alarm",
    {
      alarm_name: "late",
      namespace: "AWS/SQS",
      metric_name: "ApproximateAgeOfOldestMessage",
      statistic: "Maximum",
      comparison_operator: "GreaterThanThreshold",
      evaluation_periods: 1,
      period: 60,
      threshold: 300,
    },
    [
      [
        "deleted",
        { alarm_actions: ["arn:aws:sns:us-east-1:123456789012:alarms"] },
        gone,
        "dangerous",
        "an alarm: nobody hears of what it watched",
      ],
      [
        "nobody hears",
        { alarm_actions: ["arn:aws:sns:us-east-1:123456789012:alarms"] },
        {},
        "dangerous",
        "fewer hear of the alarm",
      ],
      ["disabled", {}, { actions_enabled: false }, "dangerous", "its actions are turned off"],
      ["threshold", {}, { threshold: 600 }, "review", "the alarm sounds at “600” instead of “300”"],
    ],
  ),
  ...casesOf("aws_cloudtrail", { name: "audit", s3_bucket_name: "trail" }, [
    ["off", {}, { enable_logging: false }, "dangerous", "the audit trail sees less"],
  ]),
];

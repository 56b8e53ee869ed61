import type { TerraformJson } from "../../graph/terraform-json";
import { findings, isSet, judgeResources, knownValue, type Rule } from "../rule";
import { isCustomerKey } from "./attribute-values";
import { patternProblem } from "./event-patterns";
import {
  deniesPlainHttp,
  hasUnreadablePolicy,
  isPublic,
  judgeStatements,
  nameOf,
  servicesWithoutSource,
  usePoliciesOf,
} from "./exposure";
import { isSubscribed } from "./heard-alarms";
import { provider } from "./lambda-example";
import { encryptionProblems, keptOut, type Sender, sendersTo } from "./senders";

const topicType = "aws_sns_topic";
const arn = "arn:aws:sns:us-east-1:111111111111:alarms";

function topic(attributes: object = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return { provider, resource: { aws_sns_topic: { Alarms: { name: "alarms", ...attributes } }, ...others } };
}

const statement = (more: object) => ({
  Sid: "Publish",
  Effect: "Allow",
  Action: "sns:Publish",
  Resource: arn,
  ...more,
});
const policyOf = (more: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement(more)] });
const withPolicy = (more: object) =>
  topic({}, { aws_sns_topic_policy: { Alarms: { arn: "${aws_sns_topic.Alarms.arn}", policy: policyOf(more) } } });

const subscription = (attributes: object) => ({
  aws_sns_topic_subscription: {
    OnCall: {
      topic_arn: "${aws_sns_topic.Alarms.arn}",
      protocol: "email",
      endpoint: "oncall@example.com",
      ...attributes,
    },
  },
});

/** An alarm that publishes to the topic, and a key whose policy lets a service use it. */
function alarmed(attributes: object, keyService = "cloudwatch.amazonaws.com"): TerraformJson {
  return topic(
    { kms_master_key_id: "${aws_kms_key.Key.arn}", ...attributes },
    {
      aws_kms_key: {
        Key: {
          policy: JSON.stringify({
            Statement: {
              Effect: "Allow",
              Principal: { Service: keyService },
              Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
              Resource: "*",
            },
          }),
        },
      },
      aws_cloudwatch_metric_alarm: { Errors: { alarm_name: "errors", alarm_actions: ["${aws_sns_topic.Alarms.arn}"] } },
    },
  );
}

const cloudWatch = (alarm: string) => ({
  policy: policyOf({
    Principal: { Service: "cloudwatch.amazonaws.com" },
    Condition: { ArnLike: { "aws:SourceArn": `arn:aws:cloudwatch:us-east-1:111111111111:alarm:${alarm}` } },
  }),
});

/** A topic without a policy takes what its own account's alarms say: so does the policy that AWS gives it. */
function needPolicy(senders: readonly Sender[], hasPolicy: boolean): Sender[] {
  return senders.filter(({ service }) => hasPolicy || service !== "cloudwatch.amazonaws.com");
}

/** SNS topics and their subscriptions. */
export const snsRules: readonly Rule[] = [
  {
    id: "sns-encryption",
    title: "Topics are encrypted with a customer key",
    severity: "medium",
    why: "Messages wait for delivery, for weeks where a subscriber is gone, as they were sent.",
    fix: "Set kms_master_key_id to a customer key whose policy lets those that publish use it.",
    references: ["CKV_AWS_26", "https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html"],
    examples: { failing: topic(), passing: topic({ kms_master_key_id: "alias/alarms" }) },
    judge: judgeResources(topicType, (node, graph) =>
      isCustomerKey(graph, node, node.attributes.kms_master_key_id)
        ? []
        : ["must have kms_master_key_id set to a customer key"],
    ),
  },
  {
    id: "sns-tls-only",
    title: "Topics refuse plain HTTP",
    severity: "medium",
    why: "SNS takes messages over plain HTTP, where everybody on the way reads them.",
    fix: "Add a statement to the topic's policy that denies sns:Publish to everyone where aws:SecureTransport is false.",
    references: ["https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html"],
    examples: {
      failing: withPolicy({ Principal: { AWS: "arn:aws:iam::111111111111:root" } }),
      passing: withPolicy({ Effect: "Deny", Principal: "*", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
    },
    judge: judgeResources(topicType, (node, graph) =>
      deniesPlainHttp(usePoliciesOf(graph, node), "sns:Publish") || hasUnreadablePolicy(graph, node)
        ? []
        : ["must have a policy that denies sns:Publish to everyone over plain HTTP (aws:SecureTransport false)"],
    ),
  },
  {
    id: "sns-policy-everyone",
    title: "Topics aren't open to everyone",
    severity: "critical",
    why: "Anybody with an AWS account sends to all subscribers, or subscribes and reads along.",
    fix: "Name the account, role or service as principal, or limit the statement by aws:SourceArn or aws:PrincipalOrgID.",
    references: ["FSBP SNS.4", "CKV_AWS_169"],
    examples: {
      failing: withPolicy({ Principal: { AWS: "*" } }),
      passing: withPolicy({
        Principal: { AWS: "*" },
        Condition: { StringEquals: { "aws:SourceOwner": "111111111111" } },
      }),
    },
    judge: (graph) =>
      judgeStatements(graph, [topicType], (each) =>
        isPublic(each) ? [`must not let everyone in by ${nameOf(each)}`] : [],
      ),
  },
  {
    id: "sns-policy-actions",
    title: "Topic policies allow single actions",
    severity: "high",
    why: "sns:* lets who may publish also subscribe, delete the topic and change its policy.",
    fix: "List the actions that are needed, as sns:Publish.",
    references: ["https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"],
    examples: {
      failing: withPolicy({ Principal: { AWS: "arn:aws:iam::222222222222:role/sender" }, Action: "sns:*" }),
      passing: withPolicy({ Principal: { AWS: "arn:aws:iam::222222222222:role/sender" } }),
    },
    judge: (graph) =>
      judgeStatements(graph, [topicType], (each) => {
        const isWide = each.notActions.length > 0 || each.actions.some((action) => /^(\*|sns:\*)$/i.test(action));
        return each.effect === "Allow" && isWide ? [`must allow single actions in ${nameOf(each)}, and not all`] : [];
      }),
  },
  {
    id: "sns-policy-source",
    title: "Services may publish for named things only",
    severity: "high",
    why: "Without a source, anybody's alarm or bucket in any account publishes to the topic through that service.",
    fix: "Add the conditions aws:SourceArn and aws:SourceAccount to the statement.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"],
    examples: {
      failing: withPolicy({ Principal: { Service: "events.amazonaws.com" } }),
      passing: topic(cloudWatch("*")),
    },
    judge: (graph) =>
      judgeStatements(graph, [topicType], (each) =>
        servicesWithoutSource(each).map((service) => `must name what ${service} works for in ${nameOf(each)}`),
      ),
  },
  {
    id: "sns-policy-lets-publishers",
    title: "Services that publish to a topic may",
    severity: "high",
    why: "The service is refused, and nobody hears: an alarm that can't publish looks like one that is fine.",
    fix: "Add a statement to the topic's policy that allows the service sns:Publish for that source.",
    references: ["https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"],
    examples: { failing: alarmed(cloudWatch("others-*")), passing: alarmed(cloudWatch("errors")) },
    judge: (graph) =>
      [...sendersTo(graph)].flatMap(([node, senders]) => {
        if (node.type !== topicType) return [];
        const publishers = needPolicy(senders, usePoliciesOf(graph, node).length > 0);
        return findings(
          node,
          keptOut(graph, node, publishers, ["sns:Publish"]).map(
            (sender) => `must let ${sender} publish to it (sns:Publish)`,
          ),
        );
      }),
  },
  {
    id: "sns-key-lets-publishers",
    title: "Services that publish to an encrypted topic may use its key",
    severity: "high",
    why: "The service can't encrypt for the topic: alarms go up and nobody hears.",
    fix: "Allow the service kms:Decrypt and kms:GenerateDataKey in the policy of a customer key.",
    references: ["https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html"],
    examples: { failing: alarmed({}, "s3.amazonaws.com"), passing: alarmed({}) },
    judge: (graph) =>
      [...sendersTo(graph)].flatMap(([node, senders]) =>
        node.type === topicType
          ? encryptionProblems(graph, node, senders).flatMap((problem) => findings(problem.node, [problem.message]))
          : [],
      ),
  },
  {
    id: "sns-alarms-subscribed",
    title: "Topics of alarms have a subscription",
    severity: "high",
    why: "The alarm goes up, and nobody is told.",
    fix: "Add an aws_sns_topic_subscription without a filter, to people or to what calls them.",
    references: ["https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"],
    examples: {
      failing: alarmed({}),
      passing: { ...alarmed({}), resource: { ...alarmed({}).resource, ...subscription({}) } },
    },
    judge: (graph) =>
      [...sendersTo(graph)].flatMap(([node, senders]) =>
        node.type === topicType &&
        !isSubscribed(graph, node) &&
        senders.some(({ service }) => service === "cloudwatch.amazonaws.com")
          ? findings(node, ["must have a subscription: alarms publish to it"])
          : [],
      ),
  },
  {
    id: "sns-subscription-https",
    title: "Subscribers are called over HTTPS",
    severity: "high",
    why: "Over plain HTTP everybody on the way reads the messages, and can send their own.",
    fix: 'Set protocol = "https", with an endpoint that begins with https://.',
    references: ["https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html"],
    examples: {
      failing: topic({}, subscription({ protocol: "http", endpoint: "http://example.com/alarms" })),
      passing: topic({}, subscription({ protocol: "https", endpoint: "https://example.com/alarms" })),
    },
    judge: judgeResources("aws_sns_topic_subscription", (node, graph) => {
      const { protocol, endpoint } = node.attributes;
      const isPlain = knownValue(graph, node, protocol) === "http" || /^http:/i.test(String(endpoint ?? ""));
      return isPlain ? ["must be delivered over https"] : [];
    }),
  },
  {
    id: "sns-subscription-dead-letters",
    title: "Messages that a website doesn't take are kept",
    severity: "low",
    why: "SNS gives up a web address within the hour: the message is gone.",
    fix: "Set redrive_policy of the subscription to a queue's ARN.",
    references: ["https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html"],
    examples: {
      failing: topic({}, subscription({ protocol: "https", endpoint: "https://example.com/alarms" })),
      passing: topic(
        {},
        subscription({
          protocol: "https",
          endpoint: "https://example.com/alarms",
          redrive_policy: '{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:111111111111:dead-letters"}',
        }),
      ),
    },
    judge: judgeResources("aws_sns_topic_subscription", (node, graph) => {
      const { protocol, redrive_policy } = node.attributes;
      return /^https?$/.test(String(knownValue(graph, node, protocol))) && !isSet(redrive_policy)
        ? ["must have a redrive_policy for what its endpoint doesn't take"]
        : [];
    }),
  },
  {
    id: "sns-subscription-filter",
    title: "Filters of subscriptions are patterns that can match",
    severity: "medium",
    why: "A filter that matches nothing keeps every message from the subscriber.",
    fix: "Write filter_policy as a JSON object in which every field has a list of what it may be.",
    references: ["https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html"],
    examples: {
      failing: topic({}, subscription({ filter_policy: '{"kind":"order"}' })),
      passing: topic({}, subscription({ filter_policy: '{"kind":["order"]}' })),
    },
    judge: judgeResources("aws_sns_topic_subscription", ({ attributes }) => {
      const problem = isSet(attributes.filter_policy) ? patternProblem(attributes.filter_policy) : undefined;
      return problem === undefined ? [] : [`must have a filter_policy that can match: ${problem}`];
    }),
  },
];

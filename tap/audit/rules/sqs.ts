import type { TerraformJson } from "../../graph/terraform-json";
import { findings, isOn, isSet, judgeResources, type Rule } from "../rule";
import { isCustomerKey } from "./attribute-values";
import { isDeadLetterQueue, queuesWithDeadLetters } from "./dead-letters";
import {
  deniesPlainHttp,
  hasUnreadablePolicy,
  isPublic,
  judgeStatements,
  nameOf,
  servicesWithoutSource,
  usePoliciesOf,
} from "./exposure";
import { mappingsBy, numberOf } from "./invoked";
import { provider } from "./lambda-example";
import { encryptionProblems, keptOut, sendersTo } from "./senders";
import { deadLetterRules } from "./sqs-dead-letters";

const queueType = "aws_sqs_queue";
const arn = "arn:aws:sqs:us-east-1:111111111111:jobs";

function jobs(attributes: object = {}, others: TerraformJson["resource"] = {}): TerraformJson {
  return { provider, resource: { aws_sqs_queue: { Jobs: { name: "jobs", ...attributes } }, ...others } };
}

const statement = (more: object) => ({
  Sid: "Use",
  Effect: "Allow",
  Action: "sqs:SendMessage",
  Resource: arn,
  ...more,
});
const withPolicy = (more: object) =>
  jobs(
    {},
    {
      aws_sqs_queue_policy: {
        Jobs: {
          queue_url: "${aws_sqs_queue.Jobs.id}",
          policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement(more)] }),
        },
      },
    },
  );

/** A bucket that tells the queue of its objects, and the key that the queue has. */
function told(policy: object, keyServices: readonly string[]): TerraformJson {
  return jobs(
    { kms_master_key_id: "${aws_kms_key.Key.arn}", policy: JSON.stringify({ Statement: [statement(policy)] }) },
    {
      aws_kms_key: {
        Key: {
          policy: JSON.stringify({
            Statement: keyServices.map((Service) => ({
              Effect: "Allow",
              Principal: { Service },
              Action: ["kms:Decrypt", "kms:GenerateDataKey*"],
              Resource: "*",
              Condition: { StringEquals: { "aws:SourceAccount": "111111111111" } },
            })),
          }),
        },
      },
      aws_s3_bucket: { Uploads: { bucket: "uploads" } },
      aws_s3_bucket_notification: {
        Uploads: {
          bucket: "${aws_s3_bucket.Uploads.id}",
          queue: [{ queue_arn: "${aws_sqs_queue.Jobs.arn}", events: ["s3:ObjectCreated:*"] }],
        },
      },
    },
  );
}

const fromUploads = {
  Principal: { Service: "s3.amazonaws.com" },
  Condition: {
    ArnEquals: { "aws:SourceArn": "arn:aws:s3:::uploads" },
    StringEquals: { "aws:SourceAccount": "111111111111" },
  },
};
const fromOthers = {
  Principal: { Service: "s3.amazonaws.com" },
  Condition: {
    ArnEquals: { "aws:SourceArn": "arn:aws:s3:::others" },
    StringEquals: { "aws:SourceAccount": "111111111111" },
  },
};

const policyRules: readonly Rule[] = [
  {
    id: "sqs-encryption",
    title: "Queues are encrypted",
    severity: "high",
    why: "Messages lie on AWS's disks as they were sent, in backups and spares too.",
    fix: "Set kms_master_key_id to a customer key, or at least sqs_managed_sse_enabled = true.",
    references: ["FSBP SQS.1", "CKV_AWS_27"],
    examples: {
      failing: jobs({ sqs_managed_sse_enabled: false }),
      passing: jobs({
        kms_master_key_id: "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      }),
    },
    judge: judgeResources(queueType, (queue, graph) => {
      const { kms_master_key_id, sqs_managed_sse_enabled } = queue.attributes;
      return isSet(kms_master_key_id) || (isSet(sqs_managed_sse_enabled) && isOn(graph, queue, sqs_managed_sse_enabled))
        ? []
        : ["must be encrypted: it has neither kms_master_key_id nor sqs_managed_sse_enabled"];
    }),
  },
  {
    id: "sqs-customer-key",
    title: "Queues are encrypted with a customer key",
    severity: "low",
    why: "Of a key of AWS's own nobody says who may use it, and nobody can take it away.",
    fix: "Set kms_master_key_id to a customer key.",
    references: ["CKV2_AWS_73"],
    examples: {
      failing: jobs({ kms_master_key_id: "alias/aws/sqs" }),
      passing: jobs({
        kms_master_key_id: "arn:aws:kms:us-east-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      }),
    },
    judge: judgeResources(queueType, (queue, graph) => {
      const { kms_master_key_id, sqs_managed_sse_enabled } = queue.attributes;
      // A queue that isn't encrypted at all is another rule's.
      const isEncrypted =
        isSet(kms_master_key_id) || (isSet(sqs_managed_sse_enabled) && isOn(graph, queue, sqs_managed_sse_enabled));
      return isEncrypted && !isCustomerKey(graph, queue, kms_master_key_id)
        ? ["must have kms_master_key_id set to a customer key"]
        : [];
    }),
  },
  {
    id: "sqs-tls-only",
    title: "Queues refuse plain HTTP",
    severity: "medium",
    why: "SQS still takes messages over plain HTTP, where everybody on the way reads them.",
    fix: "Add a statement to the queue's policy that denies sqs:* to everyone where aws:SecureTransport is false.",
    references: [
      "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
    ],
    examples: {
      failing: withPolicy({ Principal: { AWS: "arn:aws:iam::222222222222:root" } }),
      passing: withPolicy({
        Effect: "Deny",
        Principal: "*",
        Action: "sqs:*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    },
    judge: judgeResources(queueType, (queue, graph) => {
      const documents = usePoliciesOf(graph, queue);
      const denies = ["sqs:SendMessage", "sqs:ReceiveMessage"].every((action) => deniesPlainHttp(documents, action));
      return denies || hasUnreadablePolicy(graph, queue)
        ? []
        : ["must have a policy that denies sqs:* to everyone over plain HTTP (aws:SecureTransport false)"];
    }),
  },
  {
    id: "sqs-policy-everyone",
    title: "Queues aren't open to everyone",
    severity: "critical",
    why: "Anybody with an AWS account sends messages into the system, or reads and deletes those of others.",
    fix: "Name the account, role or service as principal, or limit the statement by aws:SourceArn or aws:PrincipalOrgID.",
    references: ["FSBP SQS.3", "CKV_AWS_168", "CKV_AWS_387"],
    examples: {
      failing: withPolicy({ Principal: "*" }),
      passing: withPolicy({ Principal: "*", Condition: { StringEquals: { "aws:PrincipalOrgID": "o-abcdef1234" } } }),
    },
    judge: (graph) =>
      judgeStatements(graph, [queueType], (each) =>
        isPublic(each) ? [`must not let everyone in by ${nameOf(each)}`] : [],
      ),
  },
  {
    id: "sqs-policy-actions",
    title: "Queue policies allow single actions",
    severity: "high",
    why: "sqs:* lets who may send also read, delete and purge, and change the policy itself.",
    fix: "List the actions that are needed, as sqs:SendMessage.",
    references: ["CKV_AWS_72"],
    examples: {
      failing: withPolicy({ Principal: { AWS: "arn:aws:iam::222222222222:role/sender" }, Action: "sqs:*" }),
      passing: withPolicy({ Principal: { AWS: "arn:aws:iam::222222222222:role/sender" } }),
    },
    judge: (graph) =>
      judgeStatements(graph, [queueType], (each) => {
        const isWide = each.notActions.length > 0 || each.actions.some((action) => /^(\*|sqs:\*)$/i.test(action));
        return each.effect === "Allow" && isWide ? [`must allow single actions in ${nameOf(each)}, and not all`] : [];
      }),
  },
  {
    id: "sqs-policy-source",
    title: "Services may send to queues for named things only",
    severity: "high",
    why: "Without a source, anybody's bucket or topic in any account sends into the queue through that service.",
    fix: "Add the conditions aws:SourceArn and aws:SourceAccount to the statement.",
    references: ["https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"],
    examples: {
      failing: withPolicy({ Principal: { Service: "sns.amazonaws.com" } }),
      passing: withPolicy({
        Principal: { Service: "sns.amazonaws.com" },
        Condition: { ArnEquals: { "aws:SourceArn": "arn:aws:sns:us-east-1:111111111111:orders" } },
      }),
    },
    judge: (graph) =>
      judgeStatements(graph, [queueType], (each) =>
        servicesWithoutSource(each).map((service) => `must name what ${service} works for in ${nameOf(each)}`),
      ),
  },
  {
    id: "sqs-policy-lets-senders",
    title: "Services that send to a queue may",
    severity: "high",
    why: "S3 refuses the notification; of SNS and EventBridge the messages are lost without a word.",
    fix: "Add a statement to the queue's policy that allows the service sqs:SendMessage for that source.",
    references: ["https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html"],
    examples: {
      failing: told(fromOthers, ["s3.amazonaws.com"]),
      passing: told(fromUploads, ["s3.amazonaws.com"]),
    },
    judge: (graph) =>
      [...sendersTo(graph)].flatMap(([queue, senders]) =>
        queue.type === queueType
          ? findings(
              queue,
              keptOut(graph, queue, senders, ["sqs:SendMessage"]).map(
                (sender) => `must let ${sender} send to it (sqs:SendMessage)`,
              ),
            )
          : [],
      ),
  },
  {
    id: "sqs-key-lets-senders",
    title: "Services that send to an encrypted queue may use its key",
    severity: "high",
    why: "The service can't encrypt for the queue: S3 refuses the notification, of SNS and EventBridge the messages are lost.",
    fix: "Allow the service kms:Decrypt and kms:GenerateDataKey in the policy of a customer key.",
    references: ["https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html"],
    examples: { failing: told(fromUploads, ["sns.amazonaws.com"]), passing: told(fromUploads, ["s3.amazonaws.com"]) },
    judge: (graph) =>
      [...sendersTo(graph)].flatMap(([queue, senders]) =>
        queue.type === queueType
          ? encryptionProblems(graph, queue, senders).flatMap(({ node, message }) => findings(node, [message]))
          : [],
      ),
  },
];

const settingRules: readonly Rule[] = [
  {
    id: "sqs-long-polling",
    title: "Queues that code polls wait for messages",
    severity: "low",
    why: "Each empty answer is paid for, and short polling misses messages that are there.",
    fix: "Set receive_wait_time_seconds to 1 to 20.",
    references: [
      "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html",
    ],
    examples: { failing: jobs({ receive_wait_time_seconds: 0 }), passing: jobs({ receive_wait_time_seconds: 20 }) },
    judge: (graph) => {
      // Lambda waits in any case, and of dead letters people take care.
      const fedByLambda = mappingsBy(graph, "source");
      return graph.ofType(queueType).flatMap((queue) => {
        const wait = numberOf(graph, queue, queue.attributes.receive_wait_time_seconds, 0);
        return wait === 0 && !fedByLambda.has(queue) && !isDeadLetterQueue(graph, queue)
          ? findings(queue, ["must have receive_wait_time_seconds above 0: no function is fed from it"])
          : [];
      });
    },
  },
  {
    id: "sqs-retention-covers-retries",
    title: "Queues keep a message for all of its retries",
    severity: "medium",
    why: "A message that ends before it was received often enough is deleted, and never becomes a dead letter.",
    fix: "Set message_retention_seconds above maxReceiveCount times visibility_timeout_seconds, with a day or more to spare.",
    references: [
      "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    ],
    examples: {
      failing: retried({ message_retention_seconds: 600, visibility_timeout_seconds: 180 }),
      passing: retried({ message_retention_seconds: 345_600, visibility_timeout_seconds: 180 }),
    },
    judge: (graph) =>
      queuesWithDeadLetters(graph).flatMap(({ queue, maxReceiveCount }) => {
        const count = numberOf(graph, queue, maxReceiveCount);
        const visibility = numberOf(graph, queue, queue.attributes.visibility_timeout_seconds, 30);
        const retention = numberOf(graph, queue, queue.attributes.message_retention_seconds, 345_600);
        if (count === undefined || visibility === undefined || retention === undefined) return [];
        return retention > count * visibility
          ? []
          : findings(queue, [
              `must have message_retention_seconds above ${count * visibility}, which ${count} receives of ${visibility} seconds take (it has ${retention})`,
            ]);
      }),
  },
];

function retried(attributes: object): TerraformJson {
  return jobs(
    { redrive_policy: '{"deadLetterTargetArn":"${aws_sqs_queue.DeadLetters.arn}","maxReceiveCount":5}', ...attributes },
    {},
  );
}

/** SQS: who may use queues, encryption, dead letters. */
export const sqsRules: readonly Rule[] = [...policyRules, ...settingRules, ...deadLetterRules];

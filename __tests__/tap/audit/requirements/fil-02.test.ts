import { fil02 } from "../../../../tap/audit/requirements/fil-02";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import {
  aloneWith,
  files,
  filesPolicy,
  filesResource,
  filesSetting,
  filesVariables,
  filesWith,
  filesWithout,
} from "./files-mutations";
import { adding, allowing, changing, referenceTo, rewrite, without } from "./mutations";

type Attributes = Record<string, unknown>;

const lambda = "aws_lambda_function";
const mapping = "aws_lambda_event_source_mapping";
const notification = "aws_s3_bucket_notification";
const queue = "aws_sqs_queue";
const other = "arn:aws:s3:::tap-files-other-us-east-1-111111111111";

/** Changes the filters of the bucket's notification, which are judged as a list. */
const filters = (change: (all: Attributes[]) => readonly Attributes[]) =>
  filesResource(notification, undefined, (attributes) => {
    attributes.queue = change(attributes.queue as Attributes[]);
  });

/** Changes one of them, by what it is for. */
const filter = (suffix: string, changes: Attributes) =>
  filters((all) => {
    if (!all.some(({ filter_suffix }) => filter_suffix === suffix)) throw new Error(`There is no filter of ${suffix}`);
    return all.map((each) => (each.filter_suffix === suffix ? { ...each, ...changes } : each));
  });

const withoutFilter = (suffix: string) => filters((all) => all.filter(({ filter_suffix }) => filter_suffix !== suffix));

/** Their queues, and seconds that are too few for these to hide a message. */
const queues = {
  image: { name: "imageQueue_7E6406C0", tooEarly: 719 },
  document: { name: "documentQueue_8004176A", tooEarly: 1_799 },
  data: { name: "dataQueue_B03FFD9C", tooEarly: 5_399 },
};

const policy = "aws_iam_role_policy";
const queuePolicy = "aws_sqs_queue_policy";

/** What may go wrong with any of the three. */
const ofEach = Object.entries(queues).flatMap(([kind, { name, tooEarly }]): [string, Mutation][] => [
  [`${kind} has no function`, filesWithout(lambda, `${kind}_Function`)],
  [`${kind} has no queue that feeds it`, filesWithout(mapping, `${kind}Files`)],
  [`${kind} has 128 MB`, filesSetting(lambda, `${kind}_Function`, { memory_size: 128 })],
  [`${kind} has 3,008 MB`, filesSetting(lambda, `${kind}_Function`, { memory_size: 3_008 })],
  [`${kind} has other memory than is configured`, filesSetting(lambda, `${kind}_Function`, { memory_size: 768 })],
  [`${kind} ends after 29 seconds`, filesSetting(lambda, `${kind}_Function`, { timeout: 29 })],
  [`${kind} doesn't say when it ends`, filesSetting(lambda, `${kind}_Function`, { timeout: undefined })],
  [
    `${kind} has other concurrency than is configured`,
    filesSetting(lambda, `${kind}_Function`, { reserved_concurrent_executions: 1 }),
  ],
  [
    `${kind} has no concurrency of its own`,
    filesSetting(lambda, `${kind}_Function`, { reserved_concurrent_executions: undefined }),
  ],
  [`messages of ${kind} come back too early`, filesSetting(queue, name, { visibility_timeout_seconds: tooEarly })],
  [`${kind} gets ten files at once`, filesSetting(mapping, `${kind}Files`, { batch_size: 10 })],
  [`${kind} gets as many files as there are`, filesSetting(mapping, `${kind}Files`, { scaling_config: undefined })],
  [`${kind} may not read uploads`, filesPolicy(policy, `${kind}_Role_data`, without("BucketObjects"))],
  [`the bucket may not send to ${kind}`, filesPolicy(queuePolicy, `${kind}Queue_Policy`, without("BucketSends"))],
]);

const kind = "document";
const role = `${kind}_Role_data`;
const ofQueue = `${kind}Queue_Policy`;

/** What is read in one way, whatever kind it is of. */
const ofOne: [string, Mutation][] = [
  [`${kind} deletes what it failed at`, filesSetting(mapping, `${kind}Files`, { function_response_types: undefined })],
  [
    `${kind} doesn't see all files`,
    filesSetting(mapping, `${kind}Files`, { filter_criteria: { filter: [{ pattern: "{}" }] } }),
  ],
  [`${kind} isn't fed`, filesSetting(mapping, `${kind}Files`, { enabled: false })],
  [
    `${kind} is fed past its alias`,
    filesResource(mapping, `${kind}Files`, (attributes, stack) => {
      attributes.function_name = referenceTo(stack, lambda, `${kind}_Function`, "arn");
    }),
  ],
  [`${kind} is told another bucket`, filesVariables(kind, { BUCKET_NAME: "tap-files-other" })],
  [`${kind} is told another table`, filesVariables(kind, { TABLE_NAME: "tap-files-other" })],
  [`${kind} is told no dead letters`, filesVariables(kind, { DEAD_LETTER_QUEUE_URL: undefined })],
  [`${kind} is told another number of receives`, filesVariables(kind, { MAX_RECEIVE_COUNT: "99" })],
  [`${kind} is told other settings`, filesVariables(kind, { CONFIG_PATH: "/tap/other/files/config/" })],
  [
    `${kind} sends its messages to its dead letters`,
    filesResource(lambda, `${kind}_Function`, ({ environment }) => {
      const { variables } = environment as { variables: Attributes };
      variables.QUEUE_URL = variables.DEAD_LETTER_QUEUE_URL;
    }),
  ],
  [`${kind} may read everybody's uploads`, filesPolicy(policy, role, allowing("s3:GetObject", [`${other}/*`]))],
  [
    `${kind} may read what it made`,
    filesPolicy(
      policy,
      role,
      changing("BucketObjects2", ({ Action = [] }) => ({ Action: [...Action, "s3:GetObject"] })),
    ),
  ],
  [
    `${kind} may write uploads`,
    filesPolicy(
      policy,
      role,
      changing("BucketObjects", ({ Action = [] }) => ({ Action: [...Action, "s3:PutObject"] })),
    ),
  ],
  [
    `${kind} may delete items`,
    filesPolicy(
      policy,
      role,
      changing("Table", () => ({ Action: ["dynamodb:*"] })),
    ),
  ],
  [`${kind} may not use the key`, filesPolicy(policy, role, without("BucketObjectsKey"))],
  [
    `${kind} may use the key by itself`,
    filesPolicy(
      policy,
      role,
      changing("TableKey", () => ({ Condition: undefined })),
    ),
  ],
  [`${kind} may not send what it can't do to its dead letters`, filesPolicy(policy, role, without("SendDeadLetters"))],
  [
    `${kind} may read all settings`,
    filesPolicy(
      policy,
      role,
      changing("Config", () => ({ Resource: ["arn:aws:ssm:*:*:parameter/*"] })),
    ),
  ],
  [`${kind} may do all but something`, filesPolicy(policy, role, adding({ NotAction: ["iam:*"], Resource: ["*"] }))],
  [
    `${kind} is denied the table`,
    filesPolicy(policy, role, adding({ Effect: "Deny", Action: ["dynamodb:*"], Resource: ["*"] })),
  ],
  [
    `${kind} may write other logs`,
    filesPolicy(
      policy,
      `${kind}_Role_basic`,
      changing("WriteLogs", () => ({ Resource: ["*"] })),
    ),
  ],
  [
    `any bucket may send to ${kind}`,
    filesPolicy(
      queuePolicy,
      ofQueue,
      changing("BucketSends", ({ Condition = {} }) => ({ Condition: { StringEquals: Condition.StringEquals } })),
    ),
  ],
  [
    `a bucket of any account may send to ${kind}`,
    filesPolicy(
      queuePolicy,
      ofQueue,
      changing("BucketSends", ({ Condition = {} }) => ({ Condition: { ArnEquals: Condition.ArnEquals } })),
    ),
  ],
  [
    `another bucket may send to ${kind}`,
    filesPolicy(
      queuePolicy,
      ofQueue,
      changing("BucketSends", ({ Condition = {} }) => ({
        Condition: { ...Condition, ArnEquals: { "aws:SourceArn": other } },
      })),
    ),
  ],
  [
    `everybody may send to ${kind}`,
    filesPolicy(
      queuePolicy,
      ofQueue,
      changing("BucketSends", () => ({ Principal: "*" })),
    ),
  ],
  [
    `the bucket may receive from ${kind}`,
    filesPolicy(
      queuePolicy,
      ofQueue,
      changing("BucketSends", () => ({ Action: ["sqs:*"] })),
    ),
  ],
  [
    `somebody else may send to ${kind}`,
    filesPolicy(
      queuePolicy,
      ofQueue,
      adding({ Principal: { AWS: ["999999999999"] }, Action: ["sqs:SendMessage"], Resource: ["*"] }),
    ),
  ],
];

const ofEachSuffix = [".jpg", ".jpeg", ".png", ".pdf", ".txt", ".csv", ".json"]
  .flatMap((suffix) => [suffix, suffix.toUpperCase()])
  .map((suffix): [string, Mutation] => [`nobody hears of ${suffix}`, withoutFilter(suffix)]);

const s3Publishes = "Publishs3amazonawscom";

prove(
  fil02,
  {
    ...Object.fromEntries([...ofEach, ...ofOne, ...ofEachSuffix]),
    "two kinds have one role": filesResource(lambda, "data_Function", (attributes, stack) => {
      attributes.role = resource(stack, lambda, "image_Function").role;
    }),
    "two kinds have one queue": filesResource(mapping, "dataFiles", (attributes, stack) => {
      attributes.event_source_arn = resource(stack, mapping, "imageFiles").event_source_arn;
    }),
    "two kinds have one dead-letter queue": filesResource(queue, queues.data.name, (attributes, stack) => {
      attributes.redrive_policy = resource(stack, queue, queues.image.name).redrive_policy;
    }),
    "a fourth function is fed": filesWith(mapping, (stack) => ({
      event_source_arn: referenceTo(stack, queue, queues.image.name, "arn"),
      function_name: referenceTo(stack, "aws_lambda_alias", "catalog", "arn"),
    })),
    "a kind goes to another's queue": filesResource(notification, undefined, (attributes, stack) => {
      const all = attributes.queue as Attributes[];
      for (const each of all)
        if (each.filter_suffix === ".png") each.queue_arn = referenceTo(stack, queue, queues.data.name, "arn");
    }),
    "a kind goes to two queues": filesResource(notification, undefined, (attributes, stack) => {
      const all = attributes.queue as Attributes[];
      const png = all.find(({ filter_suffix }) => filter_suffix === ".png");
      all.push({ ...png, id: "other", queue_arn: referenceTo(stack, queue, queues.data.name, "arn") });
    }),
    "a filter fits what another does": filters((all) => [...all, { ...all[0], id: "other", filter_suffix: "g" }]),
    "a filter is of all objects": filter(".csv", { filter_suffix: undefined }),
    "a filter is of the whole bucket": filter(".csv", { filter_prefix: undefined }),
    "results are worked on like uploads": filter(".json", { filter_prefix: "results/" }),
    "a filter is of copies alone": filter(".pdf", { events: ["s3:ObjectCreated:Copy"] }),
    "deletions are told as well": filter(".pdf", { events: ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] }),
    "two filters have one id": filter(".pdf", { id: "document.txt" }),
    "another bucket tells": filesSetting(notification, undefined, { bucket: "tap-files-other" }),
    "nobody tells": filesWithout(notification),
    "S3 is told of queues that it may not send to yet": filesResource(notification, undefined, (attributes) => {
      attributes.depends_on = (attributes.depends_on as string[]).slice(1);
    }),
    "S3 may not use the key": filesPolicy("aws_kms_key", "Key_", without(s3Publishes)),
    "S3 may not encrypt with the key": filesPolicy(
      "aws_kms_key",
      "Key_",
      changing(s3Publishes, () => ({ Action: ["kms:Decrypt"] })),
    ),
    "S3 may do more with the key": filesPolicy(
      "aws_kms_key",
      "Key_",
      changing(s3Publishes, () => ({ Action: ["kms:*"] })),
    ),
    "S3 may use the key for any bucket": filesPolicy(
      "aws_kms_key",
      "Key_",
      changing(s3Publishes, ({ Condition = {} }) => ({ Condition: { StringEquals: Condition.StringEquals } })),
    ),
    "S3 may use the key for any account": filesPolicy(
      "aws_kms_key",
      "Key_",
      changing(s3Publishes, ({ Condition = {} }) => ({ Condition: { ArnLike: Condition.ArnLike } })),
    ),
    "S3 may use the key for another bucket": filesPolicy(
      "aws_kms_key",
      "Key_",
      changing(s3Publishes, ({ Condition = {} }) => ({
        Condition: { ...Condition, ArnLike: { "aws:SourceArn": [other] } },
      })),
    ),
    "a second policy gives a processor more": files((stack) => {
      const own = structuredClone(resource(stack, "aws_iam_role_policy", "data_Role_data"));
      rewrite(own, "policy", (statements) => [{ ...statements[0], Action: ["dynamodb:Scan"] }]);
      Object.assign(stack.json.resource?.aws_iam_role_policy ?? {}, { Added: { ...own, name: "more" } });
    }),
  },
  aloneWith(["files"]),
);

import { rec04 } from "../../../../tap/audit/requirements/rec-04";
import { prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, adding, changing, nameOf, records, recordsResource, remove, rewrite, without } from "./mutations";

const data = (name: string, change: Parameters<typeof rewrite>[2]) =>
  recordsResource("aws_iam_role_policy", `${name}_Role_data-access`, (policy) => rewrite(policy, "policy", change));

const running = (name: string, change: Parameters<typeof rewrite>[2]) =>
  recordsResource("aws_iam_role_policy", `${name}_Role_basic-execution`, (policy) => rewrite(policy, "policy", change));

const each = ["Write", "Read"].flatMap((name) => [
  [
    `${name} may delete items`,
    data(
      name,
      changing("Table", ({ Action = [] }) => ({ Action: [...Action, "dynamodb:DeleteItem"] })),
    ),
  ] as const,
  [
    `${name} may do anything with items`,
    data(
      name,
      changing("Table", () => ({ Action: ["dynamodb:*"] })),
    ),
  ] as const,
  [
    `${name} may use any table`,
    data(
      name,
      changing("Table", () => ({ Resource: ["*"] })),
    ),
  ] as const,
  [
    `${name} may use tables that start alike`,
    data(
      name,
      changing("Table", ({ Resource = [] }) => ({ Resource: Resource.map((arn) => `${arn}*`) })),
    ),
  ] as const,
  [`${name} may not use the key`, data(name, without("TableKey"))] as const,
  [
    `${name} may use the key without DynamoDB`,
    data(
      name,
      changing("TableKey", () => ({ Condition: undefined })),
    ),
  ] as const,
  [
    `${name} may use the key for other tables`,
    data(
      name,
      changing("TableKey", ({ Condition }) => {
        const { "kms:EncryptionContext:aws:dynamodb:tableName": _, ...rest } = Condition?.StringEquals ?? {};
        return { Condition: { StringEquals: rest } };
      }),
    ),
  ] as const,
  [
    `${name} may use the key through any service`,
    data(
      name,
      changing("TableKey", ({ Condition }) => ({
        Condition: { StringEquals: { ...Condition?.StringEquals, "kms:ViaService": "*" } },
      })),
    ),
  ] as const,
  [
    `${name} may use every key`,
    data(
      name,
      changing("TableKey", () => ({ Resource: ["*"] })),
    ),
  ] as const,
  [
    `${name} may encrypt too`,
    data(
      name,
      changing("TableKey", ({ Action = [] }) => ({ Action: [...Action, "kms:Encrypt"] })),
    ),
  ] as const,
  [
    `${name} has more than its table`,
    data(name, adding({ Action: ["s3:GetObject"], Resource: ["arn:aws:s3:::tap-files/*"] })),
  ] as const,
  [
    `${name} reads items by what it needs to run`,
    recordsResource("aws_iam_role_policy", `${name}_Role_basic-execution`, (policy) =>
      rewrite(policy, "policy", adding({ Action: ["dynamodb:Scan"], Resource: ["*"] })),
    ),
  ] as const,
  [
    `${name} runs by its access to data`,
    data(name, adding({ Action: ["logs:PutLogEvents"], Resource: ["*"] })),
  ] as const,
  [
    `${name} has rights by a managed policy`,
    records((stack) => {
      const policyName = nameOf(stack, "aws_iam_role", name);
      add(stack, "aws_iam_policy", {
        name: "tap-records-more",
        policy: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Action: ["dynamodb:Query"], Resource: ["*"] }],
        }),
      });
      add(stack, "aws_iam_role_policy_attachment", {
        role: `\${aws_iam_role.${policyName}.name}`,
        policy_arn: "${aws_iam_policy.Added.arn}",
      });
    }),
  ] as const,
]);

prove(
  rec04,
  {
    ...Object.fromEntries(each),
    ...Object.fromEntries(
      ["WriteLogs", "WriteTraces", "SendDeadLetters", "EncryptDeadLetters", "DecryptSettings"].map((sid) => [
        `the writer runs without ${sid}`,
        running("Write", without(sid)),
      ]),
    ),
    "the writer decrypts its settings without Lambda": running(
      "Write",
      changing("DecryptSettings", () => ({ Condition: undefined })),
    ),
    "the writer writes another function's logs": running(
      "Write",
      changing("WriteLogs", ({ Resource = [] }) => ({
        Resource: Resource.map((arn) => arn.replace("-write-", "-read-")),
      })),
    ),
    "the writer sends to another function's dead letters": running(
      "Write",
      changing("SendDeadLetters", ({ Resource = [] }) => ({
        Resource: Resource.map((arn) => arn.replace("-write-", "-read-")),
      })),
    ),
    "the reader may write": data(
      "Read",
      changing("Table", ({ Action = [] }) => ({ Action: [...Action, "dynamodb:UpdateItem"] })),
    ),
    "both functions have one role": records((stack) => {
      const { role } = resource(stack, "aws_lambda_function", "Write");
      resource(stack, "aws_lambda_function", "Read").role = role;
    }),
    "a function has a role of another stack": recordsResource("aws_lambda_function", "Read", (lambda) => {
      lambda.role = "arn:aws:iam::111111111111:role/somebody";
    }),
    "there is no reading function": records((stack) => {
      remove(stack, "aws_lambda_function", "Read");
    }),
  },
  { alone: true, without: ["files", "stream"] },
);

import { str05 } from "../../../../tap/audit/requirements/str-05";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import { type Mutation, prove } from "../../../support/prove";
import { resource } from "../../../support/synthesized";
import { add, adding, changing, remove, rewrite, without } from "./mutations";
import { judgedOn, roleAllowed, stream, streamResource, streamRights, streamSetting } from "./stream-mutations";

const secret = (attributes: Attributes) => streamSetting("aws_secretsmanager_secret", undefined, attributes);
const rotation = (attributes: Attributes) => streamSetting("aws_secretsmanager_secret_rotation", undefined, attributes);
const permission = (attributes: Attributes) => streamSetting("aws_lambda_permission", "SigningKey", attributes);

const variable = (lambda: string, value: string | undefined): Mutation =>
  streamResource("aws_lambda_function", lambda, ({ environment }) => {
    (environment as { variables: Attributes }).variables.SECRET_NAME = value;
  });

const added = (type: string, attributes: Attributes): Mutation => stream((stack) => add(stack, type, attributes));

prove(
  str05,
  {
    "there is no secret": stream((stack) => remove(stack, "aws_secretsmanager_secret", "SigningKey")),
    "there is a second secret": added("aws_secretsmanager_secret", { name: "other" }),
    "the secret has another name": secret({ name: "signing-key" }),
    "the secret is under AWS's own key": secret({ kms_key_id: undefined }),
    "the secret isn't made": secret({ count: 0 }),
    "the secret is copied to another region": secret({ replica: [{ region: "eu-west-1" }] }),
    "the secret has a policy of its own": secret({ policy: "{}" }),
    "the secret's name is blocked for days, or free at once": streamResource(
      "aws_secretsmanager_secret",
      undefined,
      (attributes) => {
        attributes.recovery_window_in_days = attributes.recovery_window_in_days === 0 ? 30 : 0;
      },
    ),
    "the recovery window is left to the default": secret({ recovery_window_in_days: undefined }),
    "the secret is kept where it should go, or goes where it should be kept": streamResource(
      "aws_secretsmanager_secret",
      undefined,
      (attributes) => {
        if (attributes.lifecycle === undefined) attributes.lifecycle = { prevent_destroy: true };
        else delete attributes.lifecycle;
      },
    ),
    "the key isn't meant for the secret": streamResource("aws_kms_key", "Key_", (key) =>
      rewrite(key, "policy", without("Secrets")),
    ),
    "the key is meant for each secret": streamResource("aws_kms_key", "Key_", (key) =>
      rewrite(
        key,
        "policy",
        changing("Secrets", ({ Condition }) => ({
          Condition: { StringEquals: Condition?.StringEquals ?? {} },
        })),
      ),
    ),
    "Terraform makes the value": added("aws_secretsmanager_secret_version", { secret_id: "x", secret_string: "y" }),
    "Terraform thinks of a value": added("random_password", { length: 32 }),
    "a policy lets others have the value": added("aws_secretsmanager_secret_policy", { secret_arn: "x", policy: "{}" }),

    "nothing rotates": stream((stack) => remove(stack, "aws_secretsmanager_secret_rotation", "SigningKey")),
    "there is a second rotation": stream((stack) =>
      add(stack, "aws_secretsmanager_secret_rotation", resource(stack, "aws_secretsmanager_secret_rotation")),
    ),
    "the first value comes after days": rotation({ rotate_immediately: false }),
    "the secret is rotated at another time than configured": rotation({
      rotation_rules: { automatically_after_days: 1_000 },
    }),
    "the secret is rotated by a schedule": rotation({ rotation_rules: { schedule_expression: "rate(4 hours)" } }),
    "another secret is rotated": rotation({ secret_id: "other" }),
    "another function rotates": streamResource("aws_secretsmanager_secret_rotation", undefined, (attributes) => {
      attributes.rotation_lambda_arn = String(attributes.rotation_lambda_arn).replace(
        /aws_lambda_alias\.rotate_Alias_\w+/,
        "aws_lambda_alias.other",
      );
    }),
    "the newest code rotates, released or not": streamResource(
      "aws_secretsmanager_secret_rotation",
      undefined,
      (attributes) => {
        attributes.rotation_lambda_arn = String(attributes.rotation_lambda_arn)
          .replace("aws_lambda_alias", "aws_lambda_function")
          .replace("_Alias_", "_Function_");
      },
    ),
    "Secrets Manager may not call the function": stream((stack) =>
      remove(stack, "aws_lambda_permission", "SigningKey"),
    ),
    "each secret of the account may call the function": permission({ source_arn: undefined }),
    "another secret may call the function": permission({
      source_arn: "arn:aws:secretsmanager:us-east-1:111111111111:secret:other-abcdef",
    }),
    "the account that calls isn't looked at": permission({ source_account: undefined }),
    "another account may call the function": permission({ source_account: "999999999999" }),
    "everybody may call the function": permission({ principal: "*" }),
    "the newest code may be called": permission({ qualifier: undefined }),
    "the function may be called otherwise too": stream((stack) =>
      add(stack, "aws_lambda_permission", {
        ...resource(stack, "aws_lambda_permission", "SigningKey"),
        principal: "events.amazonaws.com",
      }),
    ),

    "ingest can't read the secret": streamRights("ingest", without("SigningKey")),
    "consume can't read the secret": streamRights("consume", without("SigningKey")),
    "import can't read the secret": streamRights("import", without("SigningKey")),
    "ingest can't decrypt": streamRights("ingest", without("SigningKeyKey")),
    "consume may use the key for whatever secret": streamRights(
      "consume",
      changing("SigningKeyKey", ({ Condition }) => ({
        Condition: { StringEquals: { ...Condition?.StringEquals, "kms:EncryptionContext:SecretARN": "*" } },
      })),
    ),
    "import may use the key without a service": streamRights(
      "import",
      changing("SigningKeyKey", () => ({ Condition: undefined })),
    ),
    "ingest may write the secret": streamRights(
      "ingest",
      changing("SigningKey", ({ Action }) => ({ Action: [...(Action ?? []), "secretsmanager:PutSecretValue"] })),
    ),
    "ingest reads every secret": streamRights(
      "ingest",
      changing("SigningKey", () => ({ Resource: ["*"] })),
    ),
    "ingest may not read after all": streamRights(
      "ingest",
      adding({ Effect: "Deny", Action: ["secretsmanager:GetSecretValue"], Resource: ["*"] }),
    ),
    "health may read the secret": streamRights(
      "health",
      adding({ Action: ["secretsmanager:GetSecretValue"], Resource: ["*"] }),
    ),
    "rotate can't write the secret": streamRights(
      "rotate",
      changing("SigningKey", ({ Action }) => ({
        Action: Action?.filter((each) => each !== "secretsmanager:PutSecretValue"),
      })),
    ),
    "rotate can't make a value current": streamRights(
      "rotate",
      changing("SigningKey", ({ Action }) => ({
        Action: Action?.filter((each) => each !== "secretsmanager:UpdateSecretVersionStage"),
      })),
    ),
    "rotate can't encrypt": streamRights(
      "rotate",
      changing("SigningKeyKey", () => ({ Action: ["kms:Decrypt"] })),
    ),
    "rotate may do everything": streamRights("rotate", adding({ NotAction: ["iam:*"], Resource: ["*"] })),
    "a role beside the functions may read the secret": roleAllowed("secretsmanager:Get*"),

    "ingest isn't told of the secret": variable("ingest", undefined),
    "consume is told of another secret": variable("consume", "other"),
    "import isn't told of the secret": variable("import", undefined),
    "health is told of the secret": variable("health", "tap-stream-signing-key"),
    "a function is missing": stream((stack) => remove(stack, "aws_lambda_function", "health_")),
  },
  judgedOn("stream"),
);

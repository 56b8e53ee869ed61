import { CustomerKey } from "../../constructs/customer-key";
import { NodeFunction } from "../../constructs/node-function";
import { RotatedSecret } from "../../constructs/rotated-secret";
import { built, EmptyStack, statements } from "../support/constructed";

const name = "tap-records-signing-key-dev-us-east-1";
const pattern = `arn:aws:secretsmanager:us-east-1:111111111111:secret:${name}-??????`;

function newSecret(environment = "dev", rotationDays = 30) {
  const stack = new EmptyStack(environment);
  const key = new CustomerKey(stack, "Key", { description: "A key" });
  const secret = new RotatedSecret(stack, "SigningKey", {
    resource: "signing-key",
    description: "Signs",
    key,
    rotationDays,
  });
  const lambda = (id: string, entry: string) =>
    new NodeFunction(stack, id, {
      entry,
      description: "Does it",
      key,
      memorySizeMb: 256,
      timeoutSeconds: 30,
      reservedConcurrency: 1,
    });
  return { stack, secret, lambda };
}

test("STR-05 a secret is under the customer key, which Secrets Manager alone uses for it", () => {
  const { stack } = newSecret();
  expect(built(stack, "aws_secretsmanager_secret")).toMatchObject({
    name,
    kms_key_id: expect.stringMatching(/^\$\{aws_kms_key\.Key_\w+\.arn\}$/),
  });
  expect(statements(stack, "aws_kms_key").Secrets?.Condition).toEqual({
    StringEquals: {
      "kms:CallerAccount": "111111111111",
      "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com",
    },
    StringLike: { "kms:EncryptionContext:SecretARN": [pattern, "RequestToValidateKeyAccess"] },
  });
});

test("STR-09 a secret's name is free at once, but for where the environment protects it", () => {
  expect(built(newSecret().stack, "aws_secretsmanager_secret")).toMatchObject({ recovery_window_in_days: 0 });
  expect(built(newSecret().stack, "aws_secretsmanager_secret")).not.toHaveProperty("lifecycle");
  expect(built(newSecret("prod").stack, "aws_secretsmanager_secret")).toMatchObject({
    recovery_window_in_days: 30,
    lifecycle: { prevent_destroy: true },
  });
});

test("STR-05 a function makes the first value at once, and another every so many days; Terraform makes none", () => {
  const { stack, secret, lambda } = newSecret("dev", 7);
  secret.rotateBy(lambda("Rotate", "records/write"));
  expect(built(stack, "aws_secretsmanager_secret_rotation")).toMatchObject({
    secret_id: expect.stringMatching(/^\$\{aws_secretsmanager_secret\.SigningKey_\w+\.id\}$/),
    rotation_lambda_arn: expect.stringContaining("aws_lambda_alias."),
    rotate_immediately: true,
    rotation_rules: { automatically_after_days: 7 },
    depends_on: expect.arrayContaining([
      expect.stringContaining("aws_lambda_permission."),
      expect.stringContaining("data-access"),
    ]),
  });
  expect(built(stack, "aws_lambda_permission")).toMatchObject({
    principal: "secretsmanager.amazonaws.com",
    source_account: "111111111111",
    source_arn: expect.stringMatching(/^\$\{aws_secretsmanager_secret\.SigningKey_\w+\.arn\}$/),
    qualifier: expect.stringContaining("aws_lambda_alias."),
  });
  expect(Object.keys(stack.toTerraform().resource)).not.toContain("aws_secretsmanager_secret_version");
});

test("PLAT-19 who reads it decrypts, and who rotates it encrypts as well", () => {
  const { stack, secret, lambda } = newSecret();
  secret.grantRead(lambda("Read", "records/read"));
  secret.rotateBy(lambda("Rotate", "records/write"));
  expect(statements(stack, "aws_iam_role_policy", "Read_Role_data-access")).toMatchObject({
    SigningKey: { Action: ["secretsmanager:GetSecretValue"], Resource: [pattern] },
    SigningKeyKey: { Action: ["kms:Decrypt"] },
  });
  expect(statements(stack, "aws_iam_role_policy", "Rotate_Role_data-access")).toMatchObject({
    SigningKey: {
      Action: [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
      ],
      Resource: [pattern],
    },
    SigningKeyKey: {
      Action: ["kms:Decrypt", "kms:GenerateDataKey"],
      Condition: {
        StringEquals: {
          "kms:EncryptionContext:SecretARN": expect.stringMatching(
            /^\$\{aws_secretsmanager_secret\.SigningKey_\w+\.arn\}$/,
          ),
          "kms:ViaService": "secretsmanager.us-east-1.amazonaws.com",
        },
      },
    },
  });
});

test("rotation is refused more seldom than Secrets Manager knows", () => {
  expect(() => newSecret("dev", 1_001)).toThrow(
    "rotationDays must be a whole number from 1 to 1000 (days) (given 1001)",
  );
});

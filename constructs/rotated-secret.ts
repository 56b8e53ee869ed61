import { LambdaPermission } from "@cdktf/provider-aws/lib/lambda-permission";
import { SecretsmanagerSecret } from "@cdktf/provider-aws/lib/secretsmanager-secret";
import { SecretsmanagerSecretRotation } from "@cdktf/provider-aws/lib/secretsmanager-secret-rotation";
import { Construct } from "constructs";
import type { CustomerKey } from "./customer-key";
import { keyUse } from "./key-use";
import type { NodeFunction } from "./node-function";
import { requireInRange } from "./ranges";
import { TapStack } from "./tap-stack";

export interface RotatedSecretProps {
  /** Its part of the name pattern, e.g. `signing-key`. */
  readonly resource: string;
  /** What it is for, in a sentence. */
  readonly description: string;
  readonly key: CustomerKey;
  /** Days between rotations, 1 to 1,000 (RotateSecret). */
  readonly rotationDays: number;
}

/** Days until a deleted secret is gone, and its name free: none where the environment comes and goes (DeleteSecret: 0, or 7 to 30). */
const recoveryWindowDays = 30;

/**
 * A secret under a customer key. Terraform makes it without a value: the function that rotates it makes the first one
 * too, at once, so that no state and no plan ever holds one (SEC-04).
 *
 * @example
 * const secret = new RotatedSecret(this, "SigningKey", { resource: "signing-key", description: "…", key, rotationDays: 30 });
 * secret.rotateBy(rotate);
 * secret.grantRead(ingest);
 */
export class RotatedSecret extends Construct {
  readonly name: string;
  /** ARN, as a pattern: six characters of AWS's own end it (Secrets Manager user guide, ARN format). */
  readonly arnPattern: string;
  /** ARN, as the secret itself has it. */
  readonly arn: string;
  private readonly keyArn: string;
  private readonly rotationDays: number;
  private readonly secret: SecretsmanagerSecret;

  constructor(scope: Construct, id: string, { resource, description, key, rotationDays }: RotatedSecretProps) {
    super(scope, id);
    requireInRange("rotationDays", rotationDays, 1, 1_000, "days");
    const stack = TapStack.of(this);
    this.name = stack.nameOf("secret", resource);
    this.arnPattern = stack.arnOf("secretsmanager", `secret:${this.name}-??????`);
    this.keyArn = key.arn;
    this.rotationDays = rotationDays;
    key.grantSecret(this.arnPattern);
    const { deletionProtection } = stack.environment;
    this.secret = new SecretsmanagerSecret(this, "Secret", {
      name: this.name,
      description,
      kmsKeyId: key.arn,
      recoveryWindowInDays: deletionProtection ? recoveryWindowDays : 0,
      ...(deletionProtection ? { lifecycle: { preventDestroy: true } } : {}),
    });
    this.arn = this.secret.arn;
  }

  /** Lets a function read the secret's values. */
  grantRead(grantee: NodeFunction): void {
    this.grant(grantee, ["secretsmanager:GetSecretValue"], ["kms:Decrypt"]);
  }

  /** Has a function make the secret's values: the first when the secret is there, and another every so many days. */
  rotateBy(rotator: NodeFunction): void {
    this.grant(
      rotator,
      [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
      ],
      ["kms:Decrypt", "kms:GenerateDataKey"],
    );
    const permission = new LambdaPermission(this, "Permission", {
      statementId: "RotateSecret",
      action: "lambda:InvokeFunction",
      functionName: rotator.name,
      qualifier: rotator.aliasName,
      principal: "secretsmanager.amazonaws.com",
      sourceAccount: TapStack.of(this).environment.accountId,
      sourceArn: this.secret.arn,
    });
    new SecretsmanagerSecretRotation(this, "Rotation", {
      secretId: this.secret.id,
      rotationLambdaArn: rotator.aliasArn,
      rotateImmediately: true,
      rotationRules: { automaticallyAfterDays: this.rotationDays },
      dependsOn: [permission, ...rotator.role.policies],
    });
  }

  private grant(
    grantee: NodeFunction,
    actions: readonly string[],
    keyActions: readonly ("kms:Decrypt" | "kms:GenerateDataKey")[],
  ): void {
    grantee.allowDataAccess(
      { sid: this.node.id, actions, resources: [this.arnPattern] },
      keyUse(TapStack.of(this), {
        sid: `${this.node.id}Key`,
        keyArn: this.keyArn,
        actions: keyActions,
        service: "secretsmanager",
        context: "SecretARN",
        value: this.arn,
      }),
    );
  }
}

import { DataArchiveFile } from "@cdktf/provider-archive/lib/data-archive-file";
import { LambdaAlias } from "@cdktf/provider-aws/lib/lambda-alias";
import { LambdaFunction } from "@cdktf/provider-aws/lib/lambda-function";
import { LambdaFunctionEventInvokeConfig } from "@cdktf/provider-aws/lib/lambda-function-event-invoke-config";
import { AssetType, dependable, TerraformAsset } from "cdktf";
import { Construct } from "constructs";
import type { CustomerKey } from "./customer-key";
import { DeadLetterQueue } from "./dead-letter-queue";
import { functionAlarms } from "./function-alarms";
import { type FunctionNetwork, networkInterfaceStatements } from "./function-network";
import { keyUse } from "./key-use";
import { LogGroup } from "./log-group";
import { type Statement, serviceTrust } from "./policy";
import { requireInRange } from "./ranges";
import { type Output, TapStack } from "./tap-stack";
import { WorkloadRole } from "./workload-role";

/** The newest that Lambda runs; esbuild's target in bin/functions.mjs goes with it. */
const runtime = "nodejs24.x";
/** The alias that callers name. */
const aliasName = "live";

export interface NodeFunctionProps {
  /** Its code: `records/write` is functions/records/write/handler.ts. */
  readonly entry: string;
  /** Its part of the name pattern. @default the last part of the entry */
  readonly resource?: string;
  /** What it does, in a sentence; at most 256 characters (CreateFunction). */
  readonly description: string;
  /** Encrypts its settings, code, logs and dead letters. */
  readonly key: CustomerKey;
  /** Memory, MB: 128 to 10,240 (Lambda quotas); processor time grows with it. */
  readonly memorySizeMb: number;
  /** Seconds after which Lambda ends an invocation: 1 to 900 (Lambda quotas). */
  readonly timeoutSeconds: number;
  /** Executions at once that are kept for it and that it can't exceed: from 1; from the configuration, where they are added up (PLAT-23). */
  readonly reservedConcurrency: number;
  /** Settings that the code reads; no secrets (SEC-04). @default none but Powertools' own */
  readonly environmentVariables?: Readonly<Record<string, string>>;
  /** Where it runs. @default outside of any VPC, with AWS's own network */
  readonly network?: FunctionNetwork;
  /** Days that its logs are kept. @default logs.retentionDays of the environment */
  readonly logRetentionDays?: number;
}

/**
 * A Lambda function from TypeScript, with all that belongs to one (SEC-02): its own role under the workload
 * boundary, log group, dead letters, tracing, reserved concurrency, alarms, and the alias `live`, which callers use.
 *
 * @example
 * const write = new NodeFunction(this, "Write", {
 *   entry: "records/write",
 *   description: "Writes a record",
 *   key,
 *   memorySizeMb: 256,
 *   timeoutSeconds: 10,
 *   reservedConcurrency: 10,
 *   environmentVariables: { TABLE_NAME: table.name },
 * });
 * table.grant(write, ["dynamodb:UpdateItem"]);
 */
export class NodeFunction extends Construct {
  readonly name: string;
  /** Its part of the name pattern. */
  readonly resource: string;
  /** Computed, for policies. */
  readonly arn: string;
  /** ARN of the alias `live`. */
  readonly aliasArn: string;
  /** `live`, as the alias itself has it, for what must wait until it is there. */
  readonly aliasName: string;
  /** Where API Gateway finds the alias; computed, or whatever a deployment of an API stands on would be replaced before it is destroyed, and clash with its own name. */
  readonly invokeArn: string;
  readonly timeoutSeconds: number;
  readonly role: WorkloadRole;
  readonly logGroup: LogGroup;
  readonly deadLetters: DeadLetterQueue;
  private readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    super(scope, id);
    requireInRange("memorySizeMb", props.memorySizeMb, 128, 10_240, "MB");
    requireInRange("timeoutSeconds", props.timeoutSeconds, 1, 900, "seconds");
    refuseWrongText(props);
    requireInRange("reservedConcurrency", props.reservedConcurrency, 1, Number.POSITIVE_INFINITY, "executions at once");
    const stack = TapStack.of(this);
    const resource = props.resource ?? (props.entry.split("/").at(-1) as string);
    this.timeoutSeconds = props.timeoutSeconds;
    this.resource = resource;
    this.name = stack.nameOf("function", resource);
    this.arn = stack.arnOf("lambda", `function:${this.name}`);
    this.invokeArn = `arn:aws:apigateway:${stack.region}:lambda:path/2015-03-31/functions/${this.arn}:${aliasName}/invocations`;
    props.key.grantFunction(this.arn);

    this.logGroup = this.createLogGroup(resource, props);
    this.deadLetters = new DeadLetterQueue(this, "DeadLetters", {
      resource: `${resource}-dead-letters`,
      key: props.key,
    });
    this.role = this.createRole(resource, props);
    this.function = this.createFunction(props, this.archiveCode(props.entry, resource));
    const alias = this.createAlias();
    this.aliasArn = alias.arn;
    this.aliasName = alias.name;
    this.limitRetries(alias);
    functionAlarms(this, resource, this.name, props.timeoutSeconds);
  }

  /** Rights on data, in a policy apart from what every function needs to run (REC-04). */
  allowDataAccess(...statements: readonly Statement[]): void {
    const before = this.role.policies.length;
    this.role.allow("data-access", ...statements);
    // The function is declared already, and still waits for the policy (REC-05).
    const added = this.role.policies.slice(before).map((policy) => dependable(policy));
    this.function.dependsOn = [...(this.function.dependsOn ?? []), ...added];
  }

  private createLogGroup(resource: string, { key, logRetentionDays }: NodeFunctionProps): LogGroup {
    return new LogGroup(this, "LogGroup", {
      name: TapStack.of(this).nameOf("functionLogGroup", resource),
      key,
      ...(logRetentionDays === undefined ? {} : { retentionDays: logRetentionDays }),
    });
  }

  private createRole(resource: string, { key, network }: NodeFunctionProps): WorkloadRole {
    const stack = TapStack.of(this);
    const role = new WorkloadRole(this, "Role", {
      resource,
      description: `Runs the function ${this.name}`,
      trust: serviceTrust("lambda.amazonaws.com", stack.environment.accountId),
    });
    role.allow(
      "basic-execution",
      {
        sid: "WriteLogs",
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [`${this.logGroup.arn}:*`],
      },
      // Traces belong to no resource (service authorization reference, X-Ray).
      { sid: "WriteTraces", actions: ["xray:PutTelemetryRecords", "xray:PutTraceSegments"], resources: ["*"] },
      { sid: "SendDeadLetters", actions: ["sqs:SendMessage"], resources: [this.deadLetters.arn] },
      keyUse(stack, {
        sid: "EncryptDeadLetters",
        keyArn: key.arn,
        actions: ["kms:Decrypt", "kms:GenerateDataKey"],
        service: "sqs",
        context: "aws:sqs:arn",
        value: this.deadLetters.arn,
      }),
      keyUse(stack, {
        sid: "DecryptSettings",
        keyArn: key.arn,
        actions: ["kms:Decrypt"],
        service: "lambda",
        context: "aws:lambda:FunctionArn",
        value: this.arn,
      }),
      ...(network === undefined ? [] : networkInterfaceStatements(stack, this.arn)),
    );
    return role;
  }

  /** The archive comes to be at plan, from what lies in the stack's own folder, whatever modes the files have there. */
  private archiveCode(entry: string, resource: string): DataArchiveFile {
    const stack = TapStack.of(this);
    const bundle = stack.functionBundle(entry);
    const code = new TerraformAsset(this, "Code", {
      path: bundle.folder,
      assetHash: bundle.hash.slice(0, 16),
      type: AssetType.DIRECTORY,
    });
    stack.useArchiveProvider();
    return new DataArchiveFile(this, "Archive", {
      type: "zip",
      sourceDir: code.path,
      outputPath: `archives/${resource}.zip`,
      outputFileMode: "0644",
    });
  }

  private createFunction(props: NodeFunctionProps, archive: DataArchiveFile): LambdaFunction {
    const { environment, component } = TapStack.of(this);
    return new LambdaFunction(this, "Function", {
      functionName: this.name,
      description: props.description,
      filename: archive.outputPath,
      sourceCodeHash: archive.outputBase64Sha256,
      handler: "index.handler",
      runtime,
      architectures: ["arm64"],
      memorySize: props.memorySizeMb,
      timeout: props.timeoutSeconds,
      reservedConcurrentExecutions: props.reservedConcurrency,
      role: this.role.arn,
      kmsKeyArn: props.key.arn,
      sourceKmsKeyArn: props.key.arn,
      environment: {
        variables: {
          // Powertools' names, which its constructors read.
          POWERTOOLS_SERVICE_NAME: component,
          POWERTOOLS_METRICS_NAMESPACE: `tap/${environment.environmentSuffix}`,
          // Stack traces name the lines of the source.
          NODE_OPTIONS: "--enable-source-maps",
          ...props.environmentVariables,
        },
      },
      loggingConfig: {
        logFormat: "JSON",
        logGroup: this.logGroup.name,
        applicationLogLevel: "INFO",
        systemLogLevel: "WARN",
      },
      tracingConfig: { mode: environment.tracing ? "Active" : "PassThrough" },
      ...(props.network === undefined
        ? {}
        : {
            vpcConfig: {
              subnetIds: props.network.subnetIds,
              securityGroupIds: [props.network.securityGroupId],
            },
          }),
      deadLetterConfig: { targetArn: this.deadLetters.targetArn },
      publish: true,
      dependsOn: [this.logGroup.resource, ...this.role.policies],
    });
  }

  /** What callers name: it moves to a new version when that is there, and back. */
  private createAlias(): LambdaAlias {
    return new LambdaAlias(this, "Alias", {
      name: aliasName,
      description: "The version that callers get",
      functionName: this.function.functionName,
      functionVersion: this.function.version,
    });
  }

  /** Asynchronous invocations: two more attempts, then the dead letters (Lambda's defaults, said). */
  private limitRetries(alias: LambdaAlias): void {
    new LambdaFunctionEventInvokeConfig(this, "EventInvokeConfig", {
      functionName: this.function.functionName,
      qualifier: alias.name,
      maximumRetryAttempts: 2,
      maximumEventAgeInSeconds: 21_600,
    });
  }
}

/** Names that Lambda sets itself, or that this construct does (Lambda developer guide, environment variables). */
const reservedVariables = /^(AWS_\w+|LAMBDA_\w+|_HANDLER|TZ|POWERTOOLS_\w+|NODE_OPTIONS)$/;

function refuseWrongText({ description, environmentVariables = {} }: NodeFunctionProps): void {
  requireInRange("description's length", description.length, 1, 256, "characters");
  for (const name of Object.keys(environmentVariables))
    if (!/^[A-Za-z]\w+$/.test(name) || reservedVariables.test(name))
      throw new RangeError(
        `environmentVariables takes names of letters, digits and _, from two characters, that aren't Lambda's or Powertools' own (given ${JSON.stringify(name)})`,
      );
}

/** Outputs of a stack: name and ARN of each of its functions. */
export function functionOutputs(functions: Readonly<Record<string, NodeFunction>>): Record<string, Output> {
  return Object.fromEntries(
    Object.entries(functions).flatMap(([name, lambda]) => [
      [`${name}_function_name`, { description: `Name of the function ${name}`, value: lambda.name }],
      [`${name}_function_arn`, { description: `ARN of the function ${name}`, value: lambda.arn }],
    ]),
  );
}

import { ArchiveProvider } from "@cdktf/provider-archive/lib/provider";
import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Aspects, Fn, S3Backend, TerraformOutput, TerraformStack, TerraformVariable } from "cdktf";
import type { Construct, IConstruct } from "constructs";
import { type BackendSettings, stackIdOf, stateLocation } from "../config/backend";
import { type Component, components } from "../config/components";
import type { Environment } from "../config/environment";
import type { FunctionBundle, FunctionBundles } from "./function-bundle";
import { accountNames, type NameKindName, type NameScope, parameterPath, resourceName } from "./names";
import { OwnRegionTag, tagsOf } from "./tags";

/** The lock file beside the state came with 1.10; provider 6 asks for no newer one. */
const terraformVersion = ">= 1.10";

export interface TapStackProps {
  /** The environment that the stack belongs to. */
  readonly environment: Environment;
  /** Region of the stack; one of the environment's. */
  readonly region: string;
  /** What `backend.hcl` says. */
  readonly backend: BackendSettings;
  /** Code of the functions, bundled. */
  readonly functionBundles: FunctionBundles;
}

export interface TapStackOptions {
  /** Which component it is; its scope in config/components.ts says in which regions it stands. */
  readonly component: Component;
  /**
   * Whose permissions the provider uses: the account's deploy role (a variable, so that pull requests plan
   * with the plan role), or the caller's own, which is for bootstrap alone.
   * @default "deploy-role"
   */
  readonly credentials?: "deploy-role" | "caller";
}

export interface Output {
  /** What it is, in a sentence; stands in Terraform's output and at the parameter. */
  readonly description: string;
  /** A list is joined by commas in Parameter Store, a StringList. */
  readonly value: string | string[];
}

/**
 * A stack of this project (PLAT-01): remote state, provider, tags, names and outputs come with it, from the
 * configuration of one environment.
 *
 * @example
 * export class RecordsStack extends TapStack {
 *   constructor(scope: Construct, props: TapStackProps) {
 *     super(scope, props, { component: "records" });
 *     const table = new DynamodbTable(this, "Table", { name: this.nameOf("table"), … });
 *     this.addOutputs({ table_name: { description: "Table of the records", value: table.name } });
 *   }
 * }
 */
export abstract class TapStack extends TerraformStack {
  readonly environment: Environment;
  readonly component: Component;
  readonly region: string;
  private readonly functionBundles: FunctionBundles;

  constructor(scope: Construct, props: TapStackProps, options: TapStackOptions) {
    super(scope, stackIdOf(options.component, props.environment.environmentSuffix, props.region));
    this.environment = props.environment;
    this.component = options.component;
    this.region = props.region;
    this.functionBundles = props.functionBundles;

    this.addOverride("terraform.required_version", terraformVersion);
    this.createBackend(props.backend);
    this.createProvider(options.credentials ?? "deploy-role");
    Aspects.of(this).add(new OwnRegionTag());
  }

  /** The stack that a construct is in. @throws TypeError where it is in another kind of stack */
  static override of(construct: IConstruct): TapStack {
    const stack = TerraformStack.of(construct);
    if (!(stack instanceof TapStack))
      throw new TypeError(`${construct.node.path} is not in a TapStack, which its name and tags come from`);
    return stack;
  }

  /** The name of a resource of this stack, or of its twin in another region. @see resourceName */
  nameOf(kind: NameKindName, resource?: string, region = this.region): string {
    return resourceName({ ...this.nameScope, region }, kind, resource);
  }

  /** ARN of something in this stack's account, in its region or another: `arnOf("sqs", name)`. */
  arnOf(service: string, resource: string, region = this.region): string {
    return `arn:aws:${service}:${region}:${this.environment.accountId}:${resource}`;
  }

  /** The environment's other regions. */
  get peerRegions(): string[] {
    return this.environment.regionNames.filter((region) => region !== this.region);
  }

  /** The `region` argument of a resource: left out in the stack's own region, which is the provider's. */
  elsewhere(region: string | undefined): { region?: string } {
    return region === undefined || region === this.region ? {} : { region };
  }

  /**
   * Where the data of this stack are replicated to (PLAT-14): the second region, for what exists once per environment.
   * What each region has of its own isn't replicated: its regions tell each other (API-16).
   */
  get replicaRegion(): string | undefined {
    return this.existsOnce && !this.isFailedOver ? this.environment.replicaRegion : undefined;
  }

  /** Whether this stack works on the replicas that the region of before left here, and makes no data of its own. */
  get isFailedOver(): boolean {
    return this.existsOnce && this.region !== this.environment.dataRegion;
  }

  private get existsOnce(): boolean {
    return components[this.component].scope === "primary";
  }

  /**
   * What other stacks and people may use: each a Terraform output and an SSM parameter (PLAT-17). Keys are
   * Terraform identifiers in snake_case, and equal in all environments but for what the configuration leaves out of some.
   */
  addOutputs(outputs: Readonly<Record<string, Output>>): void {
    for (const [key, output] of Object.entries(outputs)) this.addOutput(key, output);
  }

  /**
   * What another stack of the same environment put out, in this region or another, read from Parameter Store at plan
   * time. From another region only what can't be computed from a name: no plan is made while that region is lost.
   */
  outputOf(component: Component, key: string, region = this.region): string {
    const elsewhere = this.elsewhere(region);
    const id = [component, key, ...Object.values(elsewhere)].join("_");
    const existing = this.node.tryFindChild(id) as DataAwsSsmParameter | undefined;
    const name = parameterPath(this.environment.environmentSuffix, component, key);
    const parameter = existing ?? new DataAwsSsmParameter(this, id, { name, ...elsewhere });
    return parameter.insecureValue;
  }

  /** Code of a function. @throws RangeError where functions/ has no such entry */
  functionBundle(entry: string): FunctionBundle {
    const bundle = this.functionBundles[entry];
    if (bundle === undefined)
      throw new RangeError(
        `There is no functions/${entry}/handler.ts; there are ${Object.keys(this.functionBundles).join(", ") || "none"} (given ${JSON.stringify(entry)})`,
      );
    return bundle;
  }

  /** The provider that zips functions; there once, where there is a function. */
  useArchiveProvider(): void {
    if (this.node.tryFindChild("archive") === undefined) new ArchiveProvider(this, "archive");
  }

  /**
   * cdktf resolves the whole tree here once more, to find references between stacks; a third of the time that
   * synthesis takes. Stacks don't refer to each other: each is built in an app of its own, and synthesis
   * refuses a reference to what is not in the stack (tap/synth/references.ts).
   */
  override prepareStack(): void {}

  private get nameScope(): NameScope {
    const { environmentSuffix, accountId } = this.environment;
    return { component: this.component, environmentSuffix, region: this.region, accountId };
  }

  private createBackend(settings: BackendSettings): void {
    const { bucket, key, region } = stateLocation(this.environment, this.node.id);
    const backend = new S3Backend(this, { bucket, key, region });
    // As backend.hcl has them; the typed configuration of cdktf 0.21 is older than the lock file.
    for (const [name, value] of Object.entries(settings)) backend.addOverride(name, value);
  }

  private createProvider(credentials: "deploy-role" | "caller"): void {
    new AwsProvider(this, "aws", {
      region: this.region,
      allowedAccountIds: [this.environment.accountId],
      ...(credentials === "deploy-role" ? { assumeRole: [{ roleArn: this.createRoleVariable() }] } : {}),
      defaultTags: [{ tags: tagsOf(this.environment, this.component, this.region) }],
    });
  }

  private createRoleVariable(): string {
    const variable = new TerraformVariable(this, "provider_role_arn", {
      type: "string",
      default: accountNames(this.environment).deployRoleArn,
      description:
        "Role that Terraform works under in the environment's account: the deploy role, or the plan role where nothing is applied",
      nullable: false,
    });
    return variable.stringValue;
  }

  private addOutput(key: string, { description, value }: Output): void {
    if (!/^[a-z][a-z0-9_]*$/.test(key))
      throw new RangeError(`An output's key is snake_case, e.g. "vpc_id" (given ${JSON.stringify(key)})`);
    new TerraformOutput(this, key, { description, value });
    new SsmParameter(this, `output_${key}`, {
      name: parameterPath(this.environment.environmentSuffix, this.component, key),
      description,
      type: Array.isArray(value) ? "StringList" : "String",
      // Names and ARNs, nothing secret: readable in plans and reviews.
      insecureValue: Array.isArray(value) ? Fn.join(",", value) : value,
    });
  }
}

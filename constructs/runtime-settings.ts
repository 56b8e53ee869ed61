import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Construct } from "constructs";
import type { NodeFunction } from "./node-function";
import { TapStack } from "./tap-stack";

/** A setting that operators change while the system runs. */
export interface RuntimeSetting {
  /** What it does, and what it can be, in a sentence; stands at the parameter. */
  readonly description: string;
  /** What it is when it is made. Whoever changes it there has the last word: no apply sets it back. */
  readonly initialValue: string;
}

export interface RuntimeSettingsProps {
  /** By name, lower-case words joined by hyphens: the last part of the parameter's path. */
  readonly settings: Readonly<Record<string, RuntimeSetting>>;
}

/**
 * Settings of a component in Parameter Store, `/tap/{environment}/{component}/config/{name}` (PLAT-18). Functions read
 * them with a cache, so that a change takes effect within a minute, without a deployment.
 *
 * @example
 * const config = new RuntimeSettings(this, "Config", {
 *   settings: { paused: { description: "Whether the worker rests: true or false", initialValue: "false" } },
 * });
 * config.grantRead(worker);   // and give it CONFIG_PATH: config.path
 */
export class RuntimeSettings extends Construct {
  /** Path of all of them, with a slash at its end. */
  readonly path: string;
  private readonly names: readonly string[];

  constructor(scope: Construct, id: string, { settings }: RuntimeSettingsProps) {
    super(scope, id);
    const { environment, component } = TapStack.of(this);
    this.path = `/tap/${environment.environmentSuffix}/${component}/config/`;
    this.names = Object.keys(settings);
    for (const [name, { description, initialValue }] of Object.entries(settings)) {
      if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
        throw new RangeError(`A setting's name is lower-case words joined by hyphens (given ${JSON.stringify(name)})`);
      new SsmParameter(this, name, {
        name: `${this.path}${name}`,
        description,
        type: "String",
        insecureValue: initialValue,
        lifecycle: { ignoreChanges: ["insecure_value"] },
      });
    }
  }

  /** Lets a function read them, all in one call. @param names of those that it reads; all by default */
  grantRead(grantee: NodeFunction, names: readonly string[] = this.names): void {
    const stack = TapStack.of(this);
    const unknown = names.find((name) => !this.names.includes(name));
    if (unknown !== undefined)
      throw new RangeError(`The settings are ${this.names.join(", ")} (given ${JSON.stringify(unknown)})`);
    const resources = names.map((name) => stack.arnOf("ssm", `parameter${this.path}${name}`));
    grantee.allowDataAccess({ sid: this.node.id, actions: ["ssm:GetParameters"], resources });
  }
}

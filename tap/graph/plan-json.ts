/** `terraform show -json <plan>`, as far as the graph reads it. */
export interface PlanJson {
  readonly format_version: string;
  readonly planned_values: PlanValues;
  readonly prior_state?: { readonly values?: PlanValues };
  readonly resource_changes?: readonly PlanChange[];
  readonly variables?: Readonly<Record<string, { readonly value?: unknown }>>;
  readonly configuration: {
    readonly provider_config?: Readonly<Record<string, PlanProvider>>;
    readonly root_module?: PlanModule;
  };
}

export interface PlanValues {
  readonly root_module?: ValuesModule;
}

export interface ValuesModule {
  readonly resources?: readonly PlanResource[];
  readonly child_modules?: readonly ValuesModule[];
}

/** A resource with its values; those that are known only after the apply are missing. */
export interface PlanResource {
  readonly address: string;
  readonly mode: "managed" | "data";
  readonly type: string;
  readonly name: string;
  readonly values?: Readonly<Record<string, unknown>>;
}

export interface PlanChange {
  readonly address: string;
  /** `true` in the place of everything that is known only after the apply. */
  readonly change: { readonly after_unknown?: unknown };
}

export interface PlanProvider {
  readonly name?: string;
  readonly alias?: string;
  readonly expressions?: PlanExpressions;
}

/** A module's configuration: the same for all its instances. */
export interface PlanModule {
  readonly resources?: readonly ConfiguredResource[];
  readonly outputs?: Readonly<Record<string, { readonly expression?: PlanExpression; readonly value?: unknown }>>;
  readonly module_calls?: Readonly<Record<string, ModuleCall>>;
}

export interface ModuleCall {
  readonly expressions?: PlanExpressions;
  readonly module?: PlanModule;
}

export interface ConfiguredResource {
  /** Within its module. */
  readonly address: string;
  readonly provider_config_key?: string;
  readonly expressions?: PlanExpressions;
  readonly count_expression?: PlanExpression;
  readonly for_each_expression?: PlanExpression;
  readonly depends_on?: readonly string[];
}

/** Expressions of a block, by argument; nested blocks are lists or objects of the same. */
export type PlanExpressions = Readonly<Record<string, unknown>>;

/**
 * An argument. A constant is there as it is; of an expression only what it refers to, the whole traversal and each
 * beginning of it. Configurations in JSON have the text of the expression as the constant.
 */
export interface PlanExpression {
  readonly constant_value?: unknown;
  readonly references?: readonly string[];
}

export function isExpression(value: unknown): value is PlanExpression {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const { references } = value as PlanExpression;
  const isList = Array.isArray(references) && references.every((reference) => typeof reference === "string");
  return isList || "constant_value" in value || Object.keys(value).length === 0;
}

import type { Block, Configuration, PlanSource } from "./configuration";
import { withoutInstanceKeys } from "./expression";
import type { ConfiguredResource, PlanJson, PlanResource, PlanValues, ValuesModule } from "./plan-json";
import { childScope, dependsOnOf, type PlanScope, planReferences } from "./plan-references";
import { configuredValue, literal, plannedAttributes } from "./plan-values";
import type { Attributes } from "./terraform-json";

/**
 * A plan in the form of a configuration: every instance with its planned values, and with the expression in the
 * place of what is known only after the apply. Values that are known mean themselves, so they are escaped.
 */
export function planConfiguration({ plan, ...source }: PlanSource): Configuration {
  const root: PlanScope = { prefix: "", module: plan.configuration.root_module ?? {} };
  const unknown = new Map((plan.resource_changes ?? []).map(({ address, change }) => [address, change.after_unknown]));
  const configured = new Map(configuredIn(root));
  return {
    ...source,
    blocks: resourcesOf(plan).map((resource) => blockOf(resource, configured, unknown.get(resource.address))),
    providers: providersOf(plan),
    variables: Object.fromEntries(
      Object.entries(plan.variables ?? {}).map(([name, { value }]) => [name, literal(value)]),
    ),
    locals: {},
    outputs: Object.fromEntries(
      Object.entries(root.module.outputs ?? {}).map(([name, { expression }]) => [
        name,
        configuredValue(expression, root),
      ]),
    ),
  };
}

/** Managed resources as they will be; data sources that were read already are in the state before. */
function resourcesOf(plan: PlanJson): PlanResource[] {
  const planned = instancesIn(plan.planned_values);
  const known = new Set(planned.map(({ address }) => address));
  const read = instancesIn(plan.prior_state?.values).filter(
    ({ mode, address }) => mode === "data" && !known.has(address),
  );
  return [...planned, ...read];
}

function instancesIn(values: PlanValues | undefined): PlanResource[] {
  const ofModule = ({ resources = [], child_modules = [] }: ValuesModule): PlanResource[] => [
    ...resources,
    ...child_modules.flatMap(ofModule),
  ];
  return values?.root_module === undefined ? [] : ofModule(values.root_module);
}

/** Every resource of the configuration, by its address from the root module. */
function configuredIn(scope: PlanScope): [string, { resource: ConfiguredResource; scope: PlanScope }][] {
  const children = Object.keys(scope.module.module_calls ?? {}).flatMap((name) => childScope(scope, name) ?? []);
  return [
    ...(scope.module.resources ?? []).map(
      (resource) => [scope.prefix + resource.address, { resource, scope }] as [string, ConfiguredIn],
    ),
    ...children.flatMap(configuredIn),
  ];
}

type ConfiguredIn = { resource: ConfiguredResource; scope: PlanScope };

function blockOf(instance: PlanResource, configuration: ReadonlyMap<string, ConfiguredIn>, unknown: unknown): Block {
  const { mode, type, name, address } = instance;
  const configured = withoutInstanceKeys(address);
  const { resource, scope } = configuration.get(configured) ?? {};
  const expressions = resource?.expressions ?? {};
  const values = instance.values ?? {};
  const base = { mode, type, name, address, configured };
  if (resource === undefined || scope === undefined)
    return {
      ...base,
      provider: type.split("_")[0] ?? type,
      attributes: literal(values) as Attributes,
      expressions: [],
    };
  const { arn } = values;
  const { count_expression, for_each_expression, depends_on = [], provider_config_key } = resource;
  return {
    ...base,
    provider: provider_config_key ?? type.split("_")[0] ?? type,
    attributes: {
      ...plannedAttributes(values, unknown, expressions, scope),
      ...(depends_on.length > 0 ? { depends_on } : {}),
    },
    ...(typeof arn === "string" && expressions.arn === undefined ? { arn } : {}),
    expressions: [
      ...planReferences(expressions, "", scope),
      ...planReferences(count_expression, "count", scope),
      ...planReferences(for_each_expression, "for_each", scope),
      ...dependsOnOf(depends_on, scope),
    ],
  };
}

/** Of every provider, also those that modules configure themselves, by the keys that resources have for them. */
function providersOf(plan: PlanJson): Map<string, Attributes> {
  const root: PlanScope = { prefix: "", module: plan.configuration.root_module ?? {} };
  return new Map(
    Object.entries(plan.configuration.provider_config ?? {}).map(([key, { expressions = {} }]) => {
      const scope = scopeOf(key, root);
      return [
        key,
        Object.fromEntries(Object.entries(expressions).map(([name, value]) => [name, configuredValue(value, scope)])),
      ];
    }),
  );
}

/** Of `module.m.module.n:aws` the module; a variable of a module is not one of the root's. */
function scopeOf(providerKey: string, root: PlanScope): PlanScope {
  const [path, provider] = providerKey.split(":");
  if (provider === undefined) return root;
  const names = path?.split(".").filter((_, index) => index % 2 === 1) ?? [];
  return names.reduce((scope, name) => childScope(scope, name) ?? scope, root);
}

/** What is read of `terraform show -json` of a refresh-only plan. */
export interface DriftPlan {
  readonly resource_drift?: readonly ResourceDrift[];
  readonly prior_state?: { readonly values?: { readonly root_module?: StateModule } };
  readonly configuration?: { readonly root_module?: { readonly resources?: readonly ConfiguredResource[] } };
}

export interface ResourceDrift {
  readonly address: string;
  readonly mode: string;
  readonly type: string;
  readonly change: {
    readonly actions: readonly string[];
    readonly before: unknown;
    readonly after: unknown;
    readonly before_sensitive?: unknown;
    readonly after_sensitive?: unknown;
  };
}

interface StateModule {
  readonly resources?: readonly { readonly mode: string }[];
  readonly child_modules?: readonly StateModule[];
}

export interface ConfiguredResource {
  readonly address: string;
  readonly mode: string;
  readonly type: string;
  readonly expressions?: Readonly<Record<string, unknown>>;
}

/** Whether Terraform has made anything of it. */
export function isDeployed({ prior_state: state, resource_drift: drift = [] }: DriftPlan): boolean {
  return drift.length > 0 || hasResources(state?.values?.root_module ?? {});
}

function hasResources({ resources = [], child_modules: modules = [] }: StateModule): boolean {
  return resources.some(({ mode }) => mode === "managed") || modules.some(hasResources);
}

import { App } from "cdktf";
import type { BackendSettings } from "./config/backend";
import { type Component, componentNames, components } from "./config/components";
import type { Environment } from "./config/environment";
import type { FunctionBundles } from "./constructs/function-bundle";
import type { TapStack, TapStackProps } from "./constructs/tap-stack";
import { ApiStack } from "./stacks/api";
import { BootstrapStack } from "./stacks/bootstrap";
import { FilesStack } from "./stacks/files";
import { JobsStack } from "./stacks/jobs";
import { NetworkStack } from "./stacks/network";
import { ObservabilityStack } from "./stacks/observability";
import { RecordsStack } from "./stacks/records";
import { SecurityStack } from "./stacks/security";
import { StreamStack } from "./stacks/stream";

export type { FunctionBundles };

/** The stack of each component; a new stack is one line here, and its file in stacks/. */
const stackClasses: Partial<Record<Component, new (app: App, props: TapStackProps) => TapStack>> = {
  bootstrap: BootstrapStack,
  network: NetworkStack,
  security: SecurityStack,
  observability: ObservabilityStack,
  records: RecordsStack,
  api: ApiStack,
  jobs: JobsStack,
  stream: StreamStack,
  files: FilesStack,
};

/** A stack before it is built: which component, of which environment, in which region. */
export interface PlannedStack {
  readonly component: Component;
  readonly environment: Environment;
  readonly region: string;
}

export interface BuildOptions {
  /** What to build. @see planStacks */
  readonly stacks: readonly PlannedStack[];
  /** What `backend.hcl` says. */
  readonly backend: BackendSettings;
  /** Code of the functions, bundled by bin/functions.mjs. */
  readonly functionBundles: FunctionBundles;
  /** Folder that synthesis writes to. @default CDKTF_OUTDIR, else cdktf.out */
  readonly outdir?: string;
}

/** The app with its stacks. */
export function buildApp({ stacks, backend, functionBundles, outdir }: BuildOptions): App {
  const app = new App({ stackTraces: false, ...(outdir === undefined ? {} : { outdir }) });
  for (const { component, environment, region } of stacks) {
    const StackClass = stackClasses[component];
    if (StackClass === undefined) throw new RangeError(`The component "${component}" has no stack`);
    new StackClass(app, { environment, region, backend, functionBundles });
  }
  return app;
}

/** Every stack of the environments, in every region where it belongs (PLAT-11). */
export function planStacks(environments: readonly Environment[]): PlannedStack[] {
  return environments.flatMap((environment) =>
    componentNames
      .filter((component) => component in stackClasses)
      .flatMap((component) => regionsOf(component, environment).map((region) => ({ component, environment, region }))),
  );
}

function regionsOf(component: Component, environment: Environment): readonly string[] {
  switch (components[component].scope) {
    case "region":
      return environment.regionNames;
    case "primary":
      return [environment.region];
    case "account":
      return environment.environmentSuffix === environment.account.environmentSuffix
        ? [environment.account.region]
        : [];
  }
}

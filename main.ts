import { App } from "cdktf";
import type { BackendSettings } from "./config/backend";
import type { Component } from "./config/components";
import type { PlannedStack } from "./config/plan-stacks";
import type { FunctionBundles } from "./constructs/function-bundle";
import type { TapStack, TapStackProps } from "./constructs/tap-stack";
import { ApiStack } from "./stacks/api";
import { BootstrapStack } from "./stacks/bootstrap";
import { DeliveryStack } from "./stacks/delivery";
import { FilesStack } from "./stacks/files";
import { JobsStack } from "./stacks/jobs";
import { NetworkStack } from "./stacks/network";
import { ObservabilityStack } from "./stacks/observability";
import { RecordsStack } from "./stacks/records";
import { SecurityStack } from "./stacks/security";
import { StreamStack } from "./stacks/stream";

export { type PlannedStack, planStacks } from "./config/plan-stacks";
export type { FunctionBundles };

/** The stack of each component; a new stack is one line here, and its file in stacks/. */
const stackClasses: Record<Component, new (app: App, props: TapStackProps) => TapStack> = {
  bootstrap: BootstrapStack,
  network: NetworkStack,
  security: SecurityStack,
  observability: ObservabilityStack,
  records: RecordsStack,
  api: ApiStack,
  jobs: JobsStack,
  stream: StreamStack,
  files: FilesStack,
  delivery: DeliveryStack,
};

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
    new StackClass(app, { environment, region, backend, functionBundles });
  }
  return app;
}

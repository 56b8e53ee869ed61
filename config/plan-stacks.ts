import { type Component, componentNames, components } from "./components";
import type { Environment } from "./environment";

/** A stack before it is built: which component, of which environment, in which region. */
export interface PlannedStack {
  readonly component: Component;
  readonly environment: Environment;
  readonly region: string;
}

/** Every stack of the environments, in every region where it belongs (PLAT-11). */
export function planStacks(environments: readonly Environment[]): PlannedStack[] {
  return environments.flatMap((environment) =>
    componentNames.flatMap((component) =>
      regionsOf(component, environment).map((region) => ({ component, environment, region })),
    ),
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

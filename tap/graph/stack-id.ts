import { type Component, componentNames } from "../../config/components";

/** What the id of a stack of this project says. */
export interface StackIdParts {
  readonly component: Component;
  readonly environmentSuffix: string;
  readonly region: string;
}

const pattern = new RegExp(`^tap-(${componentNames.join("|")})-([a-z0-9]{1,12})-([a-z]{2}-[a-z]+-\\d)$`);

/** Undefined for stacks of other projects. */
export function parseStackId(id: string): StackIdParts | undefined {
  const [, component, environmentSuffix, region] = pattern.exec(id) ?? [];
  if (!component || !environmentSuffix || !region) return undefined;
  return { component: component as Component, environmentSuffix, region };
}

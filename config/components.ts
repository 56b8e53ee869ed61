/**
 * What is deployed alone, and where (PLAT-11). `account`: once per AWS account, in the primary region
 * of the environment that the account belongs to. `region`: once in every region of an environment.
 * `primary`: once per environment, in its primary region.
 */
export const components = {
  bootstrap: { scope: "account" },
  network: { scope: "region" },
  security: { scope: "region" },
  api: { scope: "region" },
  observability: { scope: "region" },
  stream: { scope: "primary" },
  files: { scope: "primary" },
  records: { scope: "primary" },
  jobs: { scope: "primary" },
  delivery: { scope: "primary" },
} as const satisfies Record<string, { scope: "account" | "region" | "primary" }>;

export type Component = keyof typeof components;

export const componentNames = Object.keys(components) as Component[];

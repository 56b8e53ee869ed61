import type { EnvironmentConfig } from "./schema";

/** What all environments have in common; an environment's file may still say otherwise. */
export const common = {
  repository: "example-org/tap",
  tags: { project: "tap", author: "platform-team", owner: "platform-team", costCenter: "cc-1000" },
  operatorRoleArns: [],
  accountQuotas: {
    concurrentExecutions: 1_000,
    otherReservedConcurrency: 0,
    vpcsPerRegion: 5,
    otherVpcsPerRegion: 1,
  },
  network: { interfaceEndpoints: ["kinesis-streams", "kms", "secretsmanager", "sns", "sqs", "ssm", "xray"] },
} satisfies Partial<EnvironmentConfig>;

import { common } from "./common";
import type { EnvironmentConfig } from "./schema";

export const staging: EnvironmentConfig = {
  ...common,
  environment: "staging",
  accountId: "222222222222",
  primaryRegion: "us-east-2",
  regions: {
    "us-east-2": { cidrBlock: "10.16.0.0/16", zoneIds: ["use2-az1", "use2-az2", "use2-az3"] },
    "us-west-2": { cidrBlock: "10.17.0.0/16", zoneIds: ["usw2-az1", "usw2-az2", "usw2-az3"] },
  },
  deletionProtection: false,
  logs: { retentionDays: 30 },
  kms: { deletionWindowDays: 7 },
  alarms: { emails: ["tap-staging@example.com"], evaluationPeriods: 2, errorRatePercent: 5 },
  tracing: true,
  audit: { trail: false, retentionDays: 90 },
  recovery: { secondRegion: "none", backupRetentionDays: 14 },
  api: {
    items: { memorySizeMb: 256, reservedConcurrency: 100 },
    health: { memorySizeMb: 256, reservedConcurrency: 10 },
    replicate: { memorySizeMb: 256, reservedConcurrency: 10 },
    messages: { memorySizeMb: 256, reservedConcurrency: 10 },
    allowedOrigins: ["https://staging.example.com"],
    clients: ["web"],
    throttlingRateLimit: 1000,
    throttlingBurstLimit: 2000,
    requestsPerDay: 10_000,
  },
  records: {
    write: { memorySizeMb: 256, reservedConcurrency: 10 },
    read: { memorySizeMb: 256, reservedConcurrency: 20 },
    table: {
      readCapacity: { minimum: 2, maximum: 50 },
      writeCapacity: { minimum: 2, maximum: 50 },
      targetUtilizationPercent: 70,
    },
  },
  jobs: {
    submit: { memorySizeMb: 256, reservedConcurrency: 20 },
    follow: { memorySizeMb: 256, reservedConcurrency: 20 },
    allowedOrigins: ["https://staging.example.com"],
    clients: ["web"],
    lambda: { memorySizeMb: 1024, reservedConcurrency: 50 },
    api: { throttlingRateLimit: 500, throttlingBurstLimit: 1000 },
    bucket: { expirationDays: 90 },
    queue: { messageRetentionDays: 10, maxReceiveCount: 5 },
    table: { pointInTimeRecovery: false },
  },
};

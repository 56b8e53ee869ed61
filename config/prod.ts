import { common } from "./common";
import type { EnvironmentConfig } from "./schema";

export const prod: EnvironmentConfig = {
  ...common,
  environment: "prod",
  accountId: "333333333333",
  primaryRegion: "us-east-1",
  regions: {
    "us-east-1": { cidrBlock: "10.32.0.0/16", zoneIds: ["use1-az1", "use1-az2", "use1-az4"] },
    "us-west-2": { cidrBlock: "10.33.0.0/16", zoneIds: ["usw2-az1", "usw2-az2", "usw2-az3"] },
  },
  deletionProtection: true,
  logs: { retentionDays: 365 },
  kms: { deletionWindowDays: 30 },
  alarms: { emails: ["tap-oncall@example.com"], evaluationPeriods: 1, errorRatePercent: 1 },
  tracing: true,
  audit: { trail: true, retentionDays: 2555 },
  recovery: { secondRegion: "us-west-2", backupRetentionDays: 35 },
  api: {
    items: { memorySizeMb: 256, reservedConcurrency: 100 },
    health: { memorySizeMb: 256, reservedConcurrency: 20 },
    replicate: { memorySizeMb: 256, reservedConcurrency: 20 },
    messages: { memorySizeMb: 256, reservedConcurrency: 20 },
    allowedOrigins: ["https://www.example.com"],
    clients: ["web"],
    throttlingRateLimit: 1000,
    throttlingBurstLimit: 2000,
    requestsPerDay: 10_000,
  },
  records: {
    write: { memorySizeMb: 512, reservedConcurrency: 50 },
    read: { memorySizeMb: 512, reservedConcurrency: 100 },
    table: {
      readCapacity: { minimum: 10, maximum: 500 },
      writeCapacity: { minimum: 5, maximum: 200 },
      targetUtilizationPercent: 70,
    },
  },
  jobs: {
    submit: { memorySizeMb: 256, reservedConcurrency: 50 },
    follow: { memorySizeMb: 256, reservedConcurrency: 50 },
    allowedOrigins: ["https://www.example.com"],
    clients: ["web"],
    lambda: { memorySizeMb: 2048, reservedConcurrency: 200 },
    api: { throttlingRateLimit: 2000, throttlingBurstLimit: 4000 },
    bucket: { expirationDays: "never" },
    queue: { messageRetentionDays: 14, maxReceiveCount: 5 },
    table: { pointInTimeRecovery: true },
  },
};

import { common } from "./common";
import type { EnvironmentConfig } from "./schema";

export const dev: EnvironmentConfig = {
  ...common,
  environment: "dev",
  accountId: "111111111111",
  primaryRegion: "us-east-1",
  regions: {
    "us-east-1": { cidrBlock: "10.0.0.0/16", zoneIds: ["use1-az1", "use1-az2", "use1-az4"] },
    "us-west-2": { cidrBlock: "10.1.0.0/16", zoneIds: ["usw2-az1", "usw2-az2", "usw2-az3"] },
  },
  deletionProtection: false,
  logs: { retentionDays: 14 },
  kms: { deletionWindowDays: 7 },
  alarms: { emails: ["tap-dev@example.com"], evaluationPeriods: 3, errorRatePercent: 5 },
  tracing: true,
  audit: { trail: false, retentionDays: 30 },
  recovery: { secondRegion: "none", backupRetentionDays: 7 },
  api: {
    items: { memorySizeMb: 256, reservedConcurrency: 100 },
    health: { memorySizeMb: 256, reservedConcurrency: 5 },
    replicate: { memorySizeMb: 256, reservedConcurrency: 5 },
    messages: { memorySizeMb: 256, reservedConcurrency: 5 },
    allowedOrigins: ["https://dev.example.com"],
    clients: ["web"],
    throttlingRateLimit: 1000,
    throttlingBurstLimit: 2000,
    requestsPerDay: 10_000,
  },
  records: {
    write: { memorySizeMb: 256, reservedConcurrency: 5 },
    read: { memorySizeMb: 256, reservedConcurrency: 5 },
    table: {
      readCapacity: { minimum: 1, maximum: 10 },
      writeCapacity: { minimum: 1, maximum: 10 },
      targetUtilizationPercent: 70,
    },
  },
  jobs: {
    submit: { memorySizeMb: 256, reservedConcurrency: 10 },
    follow: { memorySizeMb: 256, reservedConcurrency: 10 },
    allowedOrigins: ["https://dev.example.com"],
    clients: ["web"],
    lambda: { memorySizeMb: 512, reservedConcurrency: 10 },
    api: { throttlingRateLimit: 100, throttlingBurstLimit: 200 },
    bucket: { expirationDays: 30 },
    queue: { messageRetentionDays: 4, maxReceiveCount: 3 },
    table: { pointInTimeRecovery: false },
  },
  shortLived: {
    cidrPool: "10.128.0.0/9",
    suffixes: [],
    settings: {
      logs: { retentionDays: 3 },
      api: {
        items: { reservedConcurrency: 5 },
        health: { reservedConcurrency: 2 },
        replicate: { reservedConcurrency: 2 },
        messages: { reservedConcurrency: 2 },
      },
      records: { write: { reservedConcurrency: 1 }, read: { reservedConcurrency: 1 } },
      jobs: {
        lambda: { reservedConcurrency: 2 },
        submit: { reservedConcurrency: 1 },
        follow: { reservedConcurrency: 1 },
      },
    },
  },
};

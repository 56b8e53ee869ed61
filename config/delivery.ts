import type { Environment, Neighbour } from "./environment";

/**
 * What the delivery stack of an environment makes, by name: `tap release`, `tap promote` and `tap drift` find it so,
 * and stacks/delivery.ts refuses to synthesize other names.
 */
export function deliveryNames({ environmentSuffix, region, dataRegion, accountId }: Environment) {
  return {
    /** Bucket of releases, with object lock. At most 63 characters: 22 + 12 (suffix) + 1 + 15 (longest region) + 13. */
    releaseBucketName: `tap-delivery-releases-${environmentSuffix}-${region}-${accountId}`,
    /** DynamoDB table of promotions, rollbacks and the lease; a replica, which it is after a failover, has the name of where it was made. */
    ledgerTableName: `tap-delivery-ledger-${environmentSuffix}-${dataRegion}`,
  };
}

/** Role by which releases are copied out of an environment: what the next one's deploy role assumes. */
export function releaseReaderRoleArn({ environmentSuffix, region, accountId }: Omit<Neighbour, "account">): string {
  return `arn:aws:iam::${accountId}:role/tap-delivery-release-reader-${environmentSuffix}-${region}`;
}

/** CloudWatch metrics that `tap drift` puts, in the environment's primary region, by the dimension `Environment`. */
export const driftMetrics = {
  namespace: "Tap/Drift",
  /** Resources that differ from their state, without known noise. */
  driftedResources: "DriftedResources",
  /** 1 for each whole detection: its absence is what the second alarm is on. */
  detectionCompleted: "DriftDetectionCompleted",
  dimension: "Environment",
} as const;

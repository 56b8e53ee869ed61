import type { BackendSettings } from "../../config/backend";
import type { Environment } from "../../config/environment";

/** What bootstrap makes under fixed names, written out here a second time: a judge doesn't ask the judged. */
export function accountArns({ accountId, account }: Environment) {
  const name = (resource: string) => `tap-bootstrap-${resource}-${account.environmentSuffix}-${account.region}`;
  return {
    deployRole: `arn:aws:iam::${accountId}:role/${name("deploy")}`,
    planRole: `arn:aws:iam::${accountId}:role/${name("plan")}`,
    /** There where states are replicated. */
    stateReplicationRole: `arn:aws:iam::${accountId}:role/${name("state-replication")}`,
    deployBoundary: `arn:aws:iam::${accountId}:policy/${name("deploy-boundary")}`,
    workloadBoundary: `arn:aws:iam::${accountId}:policy/${name("workload-boundary")}`,
  };
}

/** By which roles releases go from one environment to the next, written out for the same reason. */
export function releaseRoles({ account, releaseTarget }: Environment) {
  const { environmentSuffix, region } = releaseTarget.account;
  return {
    /** Who copies out of this environment. */
    reader: `arn:aws:iam::${releaseTarget.accountId}:role/tap-bootstrap-deploy-${environmentSuffix}-${region}`,
    /** What the deploy role copies by from the environments before those of its account. */
    sources: account.releaseSources.map(
      (source) =>
        `arn:aws:iam::${source.accountId}:role/tap-delivery-release-reader-${source.environmentSuffix}-${source.region}`,
    ),
  };
}

/** Where an account's states are, and where they are replicated to, written out for the same reason. */
export function stateNames({ accountId, account }: Environment, { dynamodb_table }: BackendSettings) {
  const regions = stateRegions(account);
  const bucketNames = regions.map((region) => `tap-state-${accountId}-${region}`);
  return {
    bucketNames,
    buckets: bucketNames.map((name) => `arn:aws:s3:::${name}`),
    lockTables: regions.map((region) => `arn:aws:dynamodb:${region}:${accountId}:table/${dynamodb_table}`),
  };
}

/** The region that they were made in first, whether or not it is up. */
export function stateRegions({ region, stateReplicaRegion }: Environment["account"]): string[] {
  return stateReplicaRegion === undefined ? [region] : [region, stateReplicaRegion];
}

import { stateBucketName } from "../../config/backend";
import type { Environment } from "../../config/environment";

/** Partition-wide ARN of something in an account, in any region: what the roles of an account are limited to. */
export function anyRegionArn(accountId: string, service: string, resource: string): string {
  return `arn:aws:${service}:*:${accountId}:${resource}`;
}

export function iamArn(accountId: string, resource: string): string {
  return `arn:aws:iam::${accountId}:${resource}`;
}

/** Where an account's states are, and where they are replicated to: all of them, and those of bootstrap, which only people touch. */
export function stateArns(environment: Environment, lockTable: string) {
  const { accountId } = environment;
  const regions = stateRegions(environment);
  const buckets = regions.map((region) => `arn:aws:s3:::${stateBucketName(environment, region)}`);
  return {
    buckets,
    states: buckets.map((bucket) => `${bucket}/tap-*`),
    lockFiles: buckets.map((bucket) => `${bucket}/tap-*.tflock`),
    bootstrapStates: buckets.map((bucket) => `${bucket}/tap-bootstrap-*`),
    lockTables: regions.map((region) => `arn:aws:dynamodb:${region}:${accountId}:table/${lockTable}`),
  };
}

/** Keys of the lock table's items: the bucket's name, and the state's behind it. */
export function lockIds(environment: Environment, states: string): string[] {
  return stateRegions(environment).map((region) => `${stateBucketName(environment, region)}/${states}`);
}

function stateRegions({ account }: Environment): string[] {
  return [account.region, account.stateReplicaRegion].filter((region) => region !== undefined);
}

import { stateBucketName } from "../../config/backend";
import type { Environment } from "../../config/environment";

/** Partition-wide ARN of something in an account, in any region: what the roles of an account are limited to. */
export function anyRegionArn(accountId: string, service: string, resource: string): string {
  return `arn:aws:${service}:*:${accountId}:${resource}`;
}

export function iamArn(accountId: string, resource: string): string {
  return `arn:aws:iam::${accountId}:${resource}`;
}

/** Objects of the state bucket: all states, and those of bootstrap, which only people touch. */
export function stateArns(environment: Environment, lockTable: string) {
  const bucket = `arn:aws:s3:::${stateBucketName(environment)}`;
  return {
    bucket,
    states: `${bucket}/tap-*`,
    lockFiles: `${bucket}/tap-*.tflock`,
    bootstrapStates: `${bucket}/tap-bootstrap-*`,
    lockTable: `arn:aws:dynamodb:${environment.account.region}:${environment.accountId}:table/${lockTable}`,
  };
}

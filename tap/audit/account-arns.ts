import type { BackendSettings } from "../../config/backend";
import type { Environment } from "../../config/environment";

/** What bootstrap makes under fixed names, written out here a second time: a judge doesn't ask the judged. */
export function accountArns({ accountId, account }: Environment) {
  const name = (resource: string) => `tap-bootstrap-${resource}-${account.environmentSuffix}-${account.region}`;
  return {
    deployRole: `arn:aws:iam::${accountId}:role/${name("deploy")}`,
    planRole: `arn:aws:iam::${accountId}:role/${name("plan")}`,
    deployBoundary: `arn:aws:iam::${accountId}:policy/${name("deploy-boundary")}`,
    workloadBoundary: `arn:aws:iam::${accountId}:policy/${name("workload-boundary")}`,
  };
}

/** Where an account's states are, written out for the same reason. */
export function stateNames({ accountId, account }: Environment, { dynamodb_table }: BackendSettings) {
  const bucketName = `tap-state-${accountId}-${account.region}`;
  return {
    bucketName,
    bucket: `arn:aws:s3:::${bucketName}`,
    lockTable: `arn:aws:dynamodb:${account.region}:${accountId}:table/${dynamodb_table}`,
  };
}

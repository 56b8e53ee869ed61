import type { Environment } from "../../config/environment";

/** What bootstrap makes under fixed names, written out here a second time: a judge doesn't ask the judged. */
export function accountArns({ accountId, account }: Environment) {
  const name = (resource: string) => `tap-bootstrap-${resource}-${account.environmentSuffix}-${account.region}`;
  return {
    deployRole: `arn:aws:iam::${accountId}:role/${name("deploy")}`,
    planRole: `arn:aws:iam::${accountId}:role/${name("plan")}`,
    workloadBoundary: `arn:aws:iam::${accountId}:policy/${name("workload-boundary")}`,
  };
}

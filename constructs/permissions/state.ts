import type { Environment } from "../../config/environment";
import type { Statement } from "../policy";
import { lockIds, stateArns } from "./scope";

/** What Terraform needs of the S3 backend to plan and apply (Terraform: backend "s3", permissions required). */
export function writeState(environment: Environment, lockTable: string, stateKeyArns: readonly string[]): Statement[] {
  const arns = stateArns(environment, lockTable);
  return [
    { sid: "ListStates", actions: ["s3:ListBucket"], resources: arns.buckets },
    { sid: "WriteStates", actions: ["s3:GetObject", "s3:PutObject"], resources: arns.states },
    { sid: "RemoveLockFiles", actions: ["s3:DeleteObject"], resources: arns.lockFiles },
    {
      sid: "LockStates",
      actions: ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"],
      resources: arns.lockTables,
    },
    { sid: "UseStateKey", actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: stateKeyArns },
  ];
}

/** What a plan with `-lock=false` needs: the states, and of the lock table their digests and nothing else. */
export function readState(environment: Environment, lockTable: string, stateKeyArns: readonly string[]): Statement[] {
  const arns = stateArns(environment, lockTable);
  return [
    { sid: "ListStates", actions: ["s3:ListBucket"], resources: arns.buckets },
    { sid: "ReadStates", actions: ["s3:GetObject"], resources: arns.states },
    {
      sid: "ReadDigests",
      actions: ["dynamodb:GetItem"],
      resources: arns.lockTables,
      conditions: {
        "ForAllValues:StringLike": { "dynamodb:LeadingKeys": lockIds(environment, "tap-*-md5") },
      },
    },
    { sid: "UseStateKey", actions: ["kms:Decrypt"], resources: stateKeyArns },
  ];
}

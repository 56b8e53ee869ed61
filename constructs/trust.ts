import { policyJson, type Statement } from "./policy";

/** GitHub's token issuer, without the scheme, as IAM's condition keys have it. */
export const githubIssuer = "token.actions.githubusercontent.com";

export interface CiTrustProps {
  /** ARN of the identity provider. */
  readonly providerArn: string;
  /** Account of the role, 12 digits. */
  readonly accountId: string;
  /** Exact subjects of GitHub's tokens; no wildcards (PLAT-13). */
  readonly subjects: readonly string[];
  /** Exact ARNs of roles of this or another account that may assume it: the role itself, operators. */
  readonly roleArns: readonly string[];
}

/** Who may enter: workflows with an exact audience and subject, and named roles. */
export function ciTrust({ providerArn, accountId, subjects, roleArns }: CiTrustProps): string {
  const inexact = [...subjects, ...roleArns].filter((text) => /[*?]/.test(text));
  if (inexact.length > 0) throw new RangeError(`Subjects and role ARNs are exact (given ${inexact.join(", ")})`);
  return policyJson([
    {
      sid: "GithubWorkflows",
      principals: { Federated: [providerArn] },
      actions: ["sts:AssumeRoleWithWebIdentity"],
      conditions: { StringEquals: { [`${githubIssuer}:aud`]: "sts.amazonaws.com", [`${githubIssuer}:sub`]: subjects } },
    },
    namedRoles(roleArns, accountId),
  ]);
}

/** Trust in one role of this or another account, which may not exist yet. */
export function roleTrust(roleArn: string): string {
  if (/[*?]/.test(roleArn)) throw new RangeError(`The role that is trusted is an exact ARN (given ${roleArn})`);
  return policyJson([namedRoles([roleArn])]);
}

/** A role that doesn't exist yet, itself for one, can't be a principal; the condition names it instead, and its account stands for it. */
function namedRoles(roleArns: readonly string[], ...accountIds: readonly string[]): Statement {
  const accounts = [...new Set([...accountIds, ...roleArns.map((arn) => arn.split(":")[4] as string)])];
  return {
    sid: "NamedRoles",
    principals: { AWS: accounts.map((id) => `arn:aws:iam::${id}:root`) },
    actions: ["sts:AssumeRole"],
    conditions: { ArnEquals: { "aws:PrincipalArn": roleArns } },
  };
}

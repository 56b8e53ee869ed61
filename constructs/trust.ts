import { policyJson } from "./policy";

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
  const accounts = [...new Set([accountId, ...roleArns.map((arn) => arn.split(":")[4] ?? accountId)])];
  return policyJson([
    {
      sid: "GithubWorkflows",
      principals: { Federated: [providerArn] },
      actions: ["sts:AssumeRoleWithWebIdentity"],
      conditions: { StringEquals: { [`${githubIssuer}:aud`]: "sts.amazonaws.com", [`${githubIssuer}:sub`]: subjects } },
    },
    // A role that doesn't exist yet, itself for one, can't be a principal; the condition names it instead, and its account stands for it.
    {
      sid: "NamedRoles",
      principals: { AWS: accounts.map((id) => `arn:aws:iam::${id}:root`) },
      actions: ["sts:AssumeRole"],
      conditions: { ArnEquals: { "aws:PrincipalArn": roleArns } },
    },
  ]);
}

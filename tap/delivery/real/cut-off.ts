import { IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { StopsHere } from "../steps";
import type { RealOptions, Session } from "./options";

/** The same policy each time, with a later time: what was cut off stays so. */
const policyName = "tap-cut-off-sessions";

/** IAM is the same everywhere after a while (IAM user guide, "Changes that I make are not always immediately visible"). */
const spreadingMilliseconds = 15_000;

/**
 * Denies everything to sessions of the deploy role that are older than now, as the console's "revoke sessions" does:
 * a process that still has one can change nothing more, whatever it has planned. Newer sessions aren't touched.
 */
export async function cutOffSessions(options: RealOptions, session: Session): Promise<string[]> {
  const { access, environment } = options;
  const { providerRoleArn = deployRoleArn(options) } = options;
  const roleName = providerRoleArn.slice(providerRoleArn.lastIndexOf("/") + 1);
  const before = new Date().toISOString();
  session.say(`older sessions of ${roleName} are cut off`);
  const client = new IAMClient({ ...access.in(environment.region), maxAttempts: 5 });
  try {
    await client.send(
      new PutRolePolicyCommand({
        RoleName: roleName,
        PolicyName: policyName,
        PolicyDocument: JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Deny",
              Action: "*",
              Resource: "*",
              Condition: { DateLessThan: { "aws:TokenIssueTime": before } },
            },
          ],
        }),
      }),
    );
  } catch (error) {
    const { name, message } = error as Error;
    throw new StopsHere(
      `Sessions of ${roleName} couldn't be cut off (${name}: ${message}): that takes iam:PutRolePolicy on it, which the deploy role itself doesn't have. An administrator runs the same command, or revokes its sessions in the console.`,
    );
  } finally {
    client.destroy();
  }
  const wait = Number(options.context.variables.TAP_CUT_OFF_WAIT_MILLISECONDS ?? spreadingMilliseconds);
  await new Promise((resolve) => setTimeout(resolve, wait));
  return [`sessions of ${roleName} from before ${before} are denied everything`];
}

/** As bootstrap names it; stacks have it as the default of their provider's role. */
function deployRoleArn({ environment: { account, accountId } }: RealOptions): string {
  return `arn:aws:iam::${accountId}:role/tap-bootstrap-deploy-${account.environmentSuffix}-${account.region}`;
}

import { hostname, userInfo } from "node:os";
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { CommandError } from "../context";
import type { Identity } from "./run";

/** What an AWS client is made with, to act in the environment's account. */
export interface AwsSettings {
  readonly region: string;
  readonly credentials?: () => Promise<SessionCredentials>;
}

interface SessionCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration?: Date;
}

/** Acts under the caller's own credentials, or under a role that may be entered from another's, by default the caller's. */
export class AwsAccess {
  constructor(
    private readonly roleArn: string | undefined,
    private readonly from?: AwsAccess,
  ) {}

  in(region: string): AwsSettings {
    const { roleArn } = this;
    if (roleArn === undefined) return { region };
    return { region, credentials: () => assume(roleArn, this.from?.in(region) ?? { region }) };
  }

  /** Who acts, as AWS says it. @throws CommandError without valid credentials */
  async identity(region: string): Promise<Identity> {
    const client = new STSClient({ ...this.in(region), maxAttempts: 3 });
    try {
      const { Arn = "unknown" } = await client.send(new GetCallerIdentityCommand({}));
      return { who: Arn, ...ownProcess() };
    } catch (error) {
      const { name, message } = error as Error;
      throw new CommandError(
        `AWS doesn't say who you are (${name}: ${message}): a history names who did what. Sign in, or name a profile in AWS_PROFILE. Nothing was changed.`,
      );
    } finally {
      client.destroy();
    }
  }
}

/** Who acts where no account is asked. */
export function localIdentity(): Identity {
  return { who: userInfo().username, ...ownProcess() };
}

function ownProcess(): Omit<Identity, "who"> {
  return { host: hostname(), pid: process.pid };
}

/** Asked anew whenever it is about to expire: the SDK keeps what it got until then. */
async function assume(roleArn: string, settings: AwsSettings): Promise<SessionCredentials> {
  const client = new STSClient({ ...settings, maxAttempts: 3 });
  try {
    const { Credentials } = await client.send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: `tap-delivery-${process.pid}` }),
    );
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "", Expiration } = Credentials ?? {};
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      ...(Expiration === undefined ? {} : { expiration: Expiration }),
    };
  } catch (error) {
    const { name, message } = error as Error;
    throw new CommandError(
      `The role ${roleArn} can't be entered (${name}: ${message}). Are you signed in, to the right account? Is it there: a release reader comes with its environment's delivery stack, a deploy role with bootstrap? Does it trust who you are (docs/decisions/0022-delivery-stack.md)?`,
    );
  } finally {
    client.destroy();
  }
}

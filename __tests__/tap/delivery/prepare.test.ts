import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import type { Context } from "../../../tap/context";
import type { DeliveryOptions } from "../../../tap/delivery/command-options";
import { type FromOptions, prepare } from "../../../tap/delivery/prepare";
import { cleanVariables, projectRoot, temporaryFolder } from "../../support/project";

jest.mock("../../../tap/terraform", () => ({
  ...jest.requireActual("../../../tap/terraform"),
  checkTerraform: async () => {},
}));

let assumed: string[];
let sender: string[];
let refuses: (roleArn: string) => boolean;
beforeEach(() => {
  assumed = [];
  sender = [];
  refuses = () => false;
  jest.spyOn(STSClient.prototype, "send").mockImplementation(async function (this: STSClient, command: unknown) {
    if (!(command instanceof AssumeRoleCommand)) return { Arn: "arn:aws:iam::222222222222:user/anna" };
    const { RoleArn = "" } = command.input;
    const { accessKeyId } = await this.config.credentials();
    assumed.push(RoleArn);
    sender.push(accessKeyId);
    if (refuses(RoleArn))
      throw Object.assign(new Error("not authorized to perform sts:AssumeRole"), { name: "AccessDenied" });
    return { Credentials: { AccessKeyId: `of ${RoleArn}`, SecretAccessKey: "secret", SessionToken: "token" } };
  } as never);
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: "own", AWS_SECRET_ACCESS_KEY: "secret" });
});
afterEach(() => {
  jest.restoreAllMocks();
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) delete process.env[name];
});

function prepared(kind: "promote" | "rollback", more: Partial<DeliveryOptions & FromOptions> = {}) {
  const variables = cleanVariables({
    TAP_DEV_ACCOUNT_ID: "111111111111",
    TAP_STAGING_ACCOUNT_ID: "222222222222",
    TAP_PROD_ACCOUNT_ID: "333333333333",
  });
  const backend = {
    content: {
      dynamodb_table: "tap-state-lock",
      kms_key_id: "alias/tap-state",
      encrypt: true,
      use_lockfile: true,
    },
  };
  const context = { projectRoot, cwd: temporaryFolder(), variables, backend } as unknown as Context;
  const options: DeliveryOptions = {
    ledger: "dynamodb",
    leaseSeconds: "300",
    lockWait: "120",
    auditFailOn: "low",
    smokePatience: "60",
    alarmWindow: "300",
    alarmPatience: "900",
    work: temporaryFolder(),
  };
  return prepare(context, "staging", "--to", { ...options, ...more }, kind);
}

test("PLAT-08 a promotion reads the environment before by the role that it has for that", async () => {
  const { real } = await prepared("promote");
  expect(assumed).toEqual([expect.stringMatching(/:role\/tap-delivery-release-reader-dev-/)]);
  expect(real.before?.environment.environmentSuffix).toBe("dev");
});

test("PLAT-10 a rollback asks nothing of the environment before: that may be gone", async () => {
  refuses = () => true;
  const { real } = await prepared("rollback");
  expect(assumed).toEqual([]);
  expect(real.from).toBe(real.store);
});

test("PLAT-08 under --as-role, the environment before is reached from that role: its reader trusts no other", async () => {
  const deploy = "arn:aws:iam::222222222222:role/tap-bootstrap-deploy-staging-us-east-1";
  await prepared("promote", { asRole: deploy });
  const last = assumed.findLastIndex((roleArn) => roleArn.includes("release-reader"));
  expect(last).not.toBe(-1);
  expect(sender[last]).toBe(`of ${deploy}`);
});

test("PLAT-08 a role that can't be entered is named, with what is to be done", async () => {
  refuses = () => true;
  await expect(prepared("promote")).rejects.toMatchObject({
    name: "CommandError",
    message: expect.stringMatching(/release-reader-dev-.*can't be entered \(AccessDenied: .*delivery stack/s),
  });
});

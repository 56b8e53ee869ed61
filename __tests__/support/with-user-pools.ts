import { rmSync } from "node:fs";
import { dev } from "../../config/dev";
import { loadEnvironments } from "../../config/load";
import { prod } from "../../config/prod";
import type { EnvironmentConfig } from "../../config/schema";
import { staging } from "../../config/staging";
import type { Synthesized } from "../../tap/audit/requirement";
import { readStacks } from "../../tap/audit/stack-json";
import { copyProject, tap, temporaryFolder } from "./project";
import { backend } from "./synthesized";

/** Whose users call the API of the files; two, as a list may have. */
const userPoolArns = ({ accountId }: EnvironmentConfig) =>
  ["us-east-1_Abc123", "us-east-1_Def456"].map((id) => `arn:aws:cognito-idp:us-east-1:${accountId}:userpool/${id}`);

/** dev and prod, with user pools for the files, by the real command in a copy of the project. */
export function synthesizeWithUserPools(): Synthesized {
  const copy = copyProject();
  const outdir = temporaryFolder();
  try {
    for (const config of [dev, prod])
      copy.replace(
        `config/${config.environment}.ts`,
        /^ {2}files: \{$/m,
        `$&\n    userPoolArns: ${JSON.stringify(userPoolArns(config))},`,
      );
    const { exitCode, stderr } = tap(["synth", "--env", "dev,prod", "--outdir", outdir], { root: copy.root });
    if (exitCode !== 0) throw new Error(stderr);
    const withPools = (config: EnvironmentConfig) => ({
      ...config,
      files: { ...config.files, userPoolArns: userPoolArns(config) },
    });
    // Among the others, which releases come from and go to.
    const sources = [withPools(dev), staging, withPools(prod)];
    const environments = loadEnvironments({ sources, environment: ["dev", "prod"] });
    return { stacks: readStacks(outdir), environments, backend };
  } finally {
    copy.remove();
    rmSync(outdir, { recursive: true, force: true });
  }
}

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchClient, SetAlarmStateCommand } from "@aws-sdk/client-cloudwatch";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { alarmProblems, countAlarms } from "../../tap/delivery/validation/alarms";
import { functionProblems } from "../../tap/delivery/validation/functions";
import { readSmokeChecks, smokeProblems } from "../../tap/delivery/validation/smoke";
import { restApis } from "../../tap/local/status";
import { describeWithEmulator } from "../support/emulator";
import { awsClient, localState, ownUserVariables, primaryRegion, secondRegion } from "../support/local-environment";
import { temporaryFolder } from "../support/project";

/* What a promotion asks after it has applied, asked of what `tap local` runs (PLAT-10). */

jest.setTimeout(300_000);

/** A promotion's own clients take the emulator from the environment's variables. */
beforeAll(() => {
  if (process.env.LOCAL_PROJECT_ROOT !== undefined) Object.assign(process.env, ownUserVariables());
});

describeWithEmulator("a validation", () => {
  test("PLAT-10 smoke: /health of the API answers in both regions; what doesn't answer so is told", async () => {
    const outputs = new Map(restApis(localState()).map(({ stack, url }) => [stack, { invoke_url: url }]));
    const file = join(temporaryFolder(), "smoke.json");
    const ask = async (status: number, patienceMilliseconds: number) => {
      writeFileSync(file, JSON.stringify([{ stack: "api", output: "invoke_url", path: "/health", status }]));
      return smokeProblems(readSmokeChecks(file), outputs, { patienceMilliseconds });
    };
    expect(await ask(200, 30_000)).toEqual([]);
    const problems = await ask(204, 0);
    expect(problems).toHaveLength(2);
    for (const problem of problems) expect(problem).toMatch(/^smoke: GET \S+\/health answers 200, and not 204: /);
  });

  test("PLAT-10 alarms: those of the environment are counted in both regions, and one that is on is told", async () => {
    const own = { regions: [{ region: primaryRegion }, { region: secondRegion }], environment: "dev", ignored: [] };
    expect(await countAlarms(own)).toBeGreaterThan(100);
    const name = "tap-records-write-errors-dev-us-east-1";
    const set = (StateValue: "ALARM" | "OK") =>
      awsClient(CloudWatchClient).send(
        new SetAlarmStateCommand({ AlarmName: name, StateValue, StateReason: "a test sets it" }),
      );
    const since = Date.now() - 60_000;
    await set("ALARM");
    try {
      const problems = await alarmProblems({ ...own, since, windowSeconds: 1, patienceSeconds: 0 });
      expect(problems.filter((problem) => problem.includes(name))).toEqual([
        expect.stringMatching(
          /^alarms: tap-records-write-errors-dev-us-east-1 \(us-east-1\) is on since \S+: a test sets it$/,
        ),
      ]);
    } finally {
      await set("OK");
    }
  });

  test("PLAT-10 functions: the code under the alias is the release's, or that is told", async () => {
    const name = "tap-records-write-dev-us-east-1";
    const { CodeSha256 } = await awsClient(LambdaClient).send(
      new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: "live" }),
    );
    const settings = { region: primaryRegion };
    expect(await functionProblems(settings, [{ name, base64Sha256: String(CodeSha256) }])).toEqual([]);
    expect(await functionProblems(settings, [{ name, base64Sha256: "another" }])).toEqual([
      `functions: ${name} runs code with the SHA-256 ${CodeSha256}, and not the release's another`,
    ]);
  });
});

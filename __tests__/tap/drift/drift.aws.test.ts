import { readdirSync } from "node:fs";
import { join } from "node:path";
import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { driftMetrics } from "../../../config/delivery";
import { type Emulator, startEmulator } from "../../support/emulator";
import { copyProject, tap } from "../../support/project";
import { terraformFolder, terraformVariables } from "../../support/terraform";
import { describeWithTerraformAndEmulator } from "../../support/terraform-and-emulator";
import {
  filesId,
  jobsId,
  jsonFile,
  networkId,
  type ThreeStacks,
  threeStacks,
  vpcParameter,
} from "../../support/three-stacks";

jest.setTimeout(120_000);

const topic = "tap-security-alarms-dev-us-east-1";
const account = "111111111111";
const parameters = { TF_STANDIN_SSM: jsonFile({ [vpcParameter]: "vpc-1" }) };

describeWithTerraformAndEmulator("tap drift", () => {
  let emulator: Emulator;
  let app: ThreeStacks;
  let queueUrl: string;
  const project = copyProject();
  const client = () => ({
    region: "us-east-1",
    endpoint: emulator.endpoint,
    credentials: { accessKeyId: account, secretAccessKey: "test" },
  });
  let sqs: SQSClient;
  const drift = (args: readonly string[], variables: Record<string, string> = {}) =>
    tap(["drift", "--from", app.root, ...args], {
      root: project.root,
      variables: { ...terraformVariables(), ...emulator.variables, ...parameters, ...own, ...variables },
    });
  // The emulator's accounts are those of access keys with twelve digits.
  const own = { AWS_ACCESS_KEY_ID: account, TAP_DEV_ACCOUNT_ID: account };
  const injected = (value: object) => ({ TF_STANDIN_DRIFT: jsonFile(value) });
  const query = async (service: string, parameters: Record<string, string>) => {
    const response = await fetch(emulator.endpoint, {
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        authorization: `AWS4-HMAC-SHA256 Credential=${account}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=none`,
      },
      body: new URLSearchParams(parameters),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  };
  const messages = async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    for (const { ReceiptHandle } of Messages)
      await sqs.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle }));
    return Messages.map(({ Body = "" }) => JSON.parse(Body) as { Subject: string; Message: string });
  };
  const metric = async (name: string) => {
    const cloudWatch = new CloudWatchClient(client());
    const { Datapoints = [] } = await cloudWatch.send(
      new GetMetricStatisticsCommand({
        Namespace: driftMetrics.namespace,
        MetricName: name,
        Dimensions: [{ Name: driftMetrics.dimension, Value: "dev" }],
        StartTime: new Date(Date.now() - 3_600_000),
        EndTime: new Date(Date.now() + 60_000),
        Period: 3_600,
        Statistics: ["Sum", "Maximum", "SampleCount"],
      }),
    );
    cloudWatch.destroy();
    return Datapoints.reduce(
      (all, { Maximum = 0, SampleCount = 0 }) => ({
        maximum: Math.max(all.maximum, Maximum),
        count: all.count + SampleCount,
      }),
      { maximum: 0, count: 0 },
    );
  };

  beforeAll(async () => {
    emulator = await startEmulator();
    app = threeStacks();
    for (const id of [networkId, jobsId]) {
      const { folder } = app.folders.find(({ stackId }) => stackId === id) as (typeof app.folders)[0];
      const working = terraformFolder(folder, join(app.root, "applied", id), {
        ownBackend: true,
        variables: parameters,
      });
      working.run("init", "-no-color");
      working.run("apply", "-no-color", "-auto-approve");
    }
    await query("sns", { Action: "CreateTopic", Name: topic });
    sqs = new SQSClient(client());
    queueUrl = String((await sqs.send(new CreateQueueCommand({ QueueName: "heard" }))).QueueUrl);
    await query("sns", {
      Action: "Subscribe",
      TopicArn: `arn:aws:sns:us-east-1:${account}:${topic}`,
      Protocol: "sqs",
      Endpoint: `arn:aws:sqs:us-east-1:${account}:heard`,
    });
  });
  afterAll(async () => {
    sqs.destroy();
    await emulator.stop();
    project.remove();
  });

  test("PLAT-09 no drift: exit code 0, the metric says that all was looked at, and nobody is told; an undeployed stack is none", async () => {
    const states = readdirSync(join(app.root, "states")).sort();
    const { exitCode, stdout, stderr } = drift(["--metric", "--notify", "--plan-role"]);
    expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain("dev: no drift (2 stacks compared).");
    expect(stdout).toContain(`Not deployed: ${filesId}`);
    expect(await metric(driftMetrics.driftedResources)).toEqual({ maximum: 0, count: 1 });
    expect(await metric(driftMetrics.detectionCompleted)).toEqual({ maximum: 1, count: 1 });
    expect(await messages()).toEqual([]);
    // Nothing is written: neither state nor lock.
    expect(readdirSync(join(app.root, "states")).sort()).toEqual(states);
  });

  test("PLAT-09 drift is told by resource and attribute, put as a metric, and the alarm topic hears of it", async () => {
    const changed = injected({ [`aws_sqs_queue:${jobsId}`]: { visibility_timeout_seconds: 5 }, "aws_vpc:*": null });
    const { exitCode, stdout, stderr } = drift(["--metric", "--notify"], changed);
    expect({ exitCode, stderr: exitCode === 1 ? "" : stderr }).toEqual({ exitCode: 1, stderr: "" });
    expect(stdout).toContain(`${jobsId} aws_sqs_queue.Queue\n  visibility_timeout_seconds: 60 in the state, 5 there`);
    expect(stdout).toContain(`${networkId} aws_vpc.Vpc: is gone`);
    expect((await metric(driftMetrics.driftedResources)).maximum).toBe(2);
    const [told, ...others] = await messages();
    expect(others).toEqual([]);
    expect(told?.Subject).toBe("Drift in dev: 2 resources, 1 of them gone");
    expect(told?.Message).toContain(`${jobsId} aws_sqs_queue.Queue: visibility_timeout_seconds`);
  });

  test("PLAT-09 a stack that can't be compared is exit code 2, told, and no complete detection", async () => {
    const before = await metric(driftMetrics.detectionCompleted);
    const { exitCode, stdout } = drift(["--metric", "--notify"], { TF_STANDIN_SSM: jsonFile({}) });
    expect(exitCode).toBe(2);
    expect(stdout).toContain(
      `${jobsId} couldn't be compared: it reads parameters that are gone; ${networkId} writes them`,
    );
    expect(await metric(driftMetrics.detectionCompleted)).toEqual(before);
    expect((await messages()).map(({ Subject }) => Subject)).toEqual([
      "Drift in dev: 0 resources; 1 stack not compared",
    ]);
  });

  test("a topic that isn't there is told, and is exit code 2", () => {
    const changed = injected({ [`aws_sqs_queue:${jobsId}`]: { visibility_timeout_seconds: 5 } });
    const { exitCode, stderr } = drift(["--notify", "--json"], { ...changed, TAP_DEV_ACCOUNT_ID: "999999999999" });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("dev: the alarm topic couldn't be told");
  });
});

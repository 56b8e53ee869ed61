import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, request as forward, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogsClient, DescribeLogGroupsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeTimeToLiveCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetKeyRotationStatusCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetFunctionConcurrencyCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { Clients } from "../../../tap/local/clients";
import { startEmulator } from "../../../tap/local/emulator";
import { end } from "../../../tap/local/processes";
import type { LocalState, MadeResource, RunningEmulator } from "../../../tap/local/state";
import { describeWithEmulator } from "../../support/emulator";
import { copyProjectForLocal } from "../../support/local-project";
import { type CommandResult, cleanVariables } from "../../support/project";

jest.setTimeout(600_000);

/* dev, brought up by the real command, in an emulator that refuses the first call of each kind. */

const accountId = "111111111111";
const project = copyProjectForLocal();
const folder = mkdtempSync(join(tmpdir(), "tap-refused-"));
let emulator: RunningEmulator;
let proxy: Server;

/** Kinds of calls that were refused, in their order. */
const refused: string[] = [];

/** What a call is, whatever it is about: "CreateQueue", "PATCH /restapis/ * /stages/ *". */
function kindOf({ method, url = "", headers }: IncomingMessage, body: string): string {
  const target = headers["x-amz-target"];
  if (typeof target === "string") return target.split(".").at(-1) ?? "";
  const action = /(?:^|&)Action=(\w+)/.exec(body)?.[1];
  if (action !== undefined) return action;
  const [path = "", query = ""] = url.split("?");
  const words = path.split("/").map((word) => (/^[a-z-]*$/.test(word) ? word : "*"));
  return `${method} ${words.join("/")} ${query.split("&").map((part) => part.split("=")[0])}`;
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A way to the emulator that refuses the first call of each kind: of those that are signed, as those of AWS are. */
async function listen(): Promise<Server> {
  const server = createServer(async (incoming, outgoing) => {
    const body = await bodyOf(incoming);
    const kind = kindOf(incoming, body.toString("latin1"));
    if (incoming.headers.authorization !== undefined && !refused.includes(kind)) {
      refused.push(kind);
      outgoing.writeHead(400).end();
      return;
    }
    const { method, url = "", headers } = incoming;
    const sent = forward(emulator.endpoint + url, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    sent.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const stateNow = () =>
  JSON.parse(readFileSync(join(project.root, ".cache/local/dev/state.json"), "utf8")) as LocalState;

function up(): Promise<CommandResult> {
  const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const args = [join(project.root, "bin", "tap.mjs"), "local", "up", "--endpoint", endpoint, "--json"];
  const child: ChildProcess = spawn(process.execPath, args, { cwd: project.root, env: cleanVariables() });
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (text) => (output.stdout += text));
  child.stderr?.on("data", (text) => (output.stderr += text));
  return new Promise((resolve) => child.on("close", (code) => resolve({ exitCode: code ?? -1, ...output })));
}

/** As often as something that is begun needs: its first call refused, a later one, its removal. */
const rounds = 8;

describeWithEmulator("tap local up", () => {
  beforeAll(async () => {
    const { variables = process.env } = {};
    const place = { accountId, region: "us-east-1", port: 0 };
    emulator = await startEmulator({ projectRoot: project.root, folder, ...place, variables, say: () => undefined });
    proxy = await listen();
  });

  afterAll(async () => {
    for (const one of emulator.processes) await end(one);
    proxy.close();
    proxy.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  afterAll(() => project.remove());

  test("goes on where it was refused, until all is there, and whole", async () => {
    const ends: number[] = [];
    let last = await up();
    for (; last.exitCode !== 0 && ends.length < rounds; last = await up()) ends.push(last.exitCode);
    expect(last).toMatchObject({ exitCode: 0 });
    expect(ends).not.toEqual([]);
    // Those that come second, of what is made by several calls.
    expect(refused).toEqual(
      expect.arrayContaining(["PutRetentionPolicy", "UpdateTimeToLive", "EnableKeyRotation", "StartStreamEncryption"]),
    );
    expect(JSON.parse((await up()).stdout).changes).toEqual({ created: 0, updated: 0, replaced: 0, removed: 0 });
    for (const resource of Object.values(stateNow().resources)) {
      const [wanted, has] = (await laterParts[resource.type]?.(resource)) ?? [];
      expect([resource.values, has]).toEqual([resource.values, wanted]);
    }
  });
});

/** Clients to the emulator itself. */
const own = (region: string) => new Clients(emulator.endpoint, accountId).in(region);

/** What a resource gets once it is there: as it is to be, and as it is. */
const laterParts: Readonly<Record<string, (made: MadeResource) => Promise<[wanted: unknown, has: unknown]>>> = {
  async aws_cloudwatch_log_group({ values, region }) {
    const logGroupNamePrefix = String(values.name);
    const { logGroups = [] } = await own(region)(CloudWatchLogsClient).send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix }),
    );
    const group = logGroups.find(({ logGroupName }) => logGroupName === values.name);
    return [values.retention_in_days, group?.retentionInDays];
  },
  async aws_dynamodb_table({ values, region }) {
    const { TimeToLiveDescription } = await own(region)(DynamoDBClient).send(
      new DescribeTimeToLiveCommand({ TableName: String(values.name) }),
    );
    const { attribute_name } = (values.ttl ?? {}) as { attribute_name?: string };
    return [attribute_name, TimeToLiveDescription?.AttributeName];
  },
  async aws_kms_key({ values, computed, region }) {
    const { KeyRotationEnabled } = await own(region)(KMSClient).send(
      new GetKeyRotationStatusCommand({ KeyId: String(computed.key_id) }),
    );
    return [values.enable_key_rotation === true, KeyRotationEnabled];
  },
  async aws_lambda_function({ values, region }) {
    const { ReservedConcurrentExecutions } = await own(region)(LambdaClient).send(
      new GetFunctionConcurrencyCommand({ FunctionName: String(values.function_name) }),
    );
    return [values.reserved_concurrent_executions, ReservedConcurrentExecutions];
  },
};

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { DynamoLedger } from "../../../tap/delivery/dynamo-ledger";
import type { DeliveryResult } from "../../../tap/delivery/engine";
import type { Ledger } from "../../../tap/delivery/ledger";
import { FolderStore } from "../../../tap/release/folder-store";
import { type Emulator, startEmulator } from "../emulator";
import { projectRoot, temporaryFolder } from "../project";
import { terraformVariables } from "../terraform";
import { components, type EnvironmentName, environments, releaseApp, stackId } from "./app";
import { LedgerProxy } from "./ledger-proxy";

export interface TapResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What `--json` printed. */
  readonly result: DeliveryResult | undefined;
}

/** A `tap` that runs, in a process group of its own. */
export interface RunningTap {
  readonly child: ChildProcess;
  readonly ended: Promise<TapResult>;
  /** To it and to all that it has started. */
  signal(name: NodeJS.Signals): void;
}

const backendSettings = [
  "use_path_style=true",
  "skip_credentials_validation=true",
  "skip_requesting_account_id=true",
  "skip_metadata_api_check=true",
].flatMap((setting) => ["--backend-config", setting]);

/**
 * Three environments in an emulator, with real Terraform, its S3 backend and both its locks; ledgers in DynamoDB behind a
 * proxy; a server that smoke tests ask; releases in folders.
 */
export class PromotionWorld {
  readonly folder = temporaryFolder();
  /** What smoke tests are answered. */
  smokeStatus = 200;
  readonly smoke: string;
  readonly releases: Record<"r1" | "r2" | "r3", string>;
  /** What the stand-in provider does to resources, a line of JSON each. */
  readonly log = join(this.folder, "provider.log");

  private constructor(
    readonly emulator: Emulator,
    readonly proxy: LedgerProxy,
    private readonly proxyEndpoint: string,
    private readonly smokeServer: Server,
    releases: Record<"r1" | "r2" | "r3", string>,
    source: string,
  ) {
    this.releases = releases;
    this.smoke = join(this.folder, "smoke.json");
    this.source = source;
    const { port } = smokeServer.address() as AddressInfo;
    writeFileSync(this.smoke, JSON.stringify([{ url: `http://127.0.0.1:${port}/health`, contains: "fine" }]));
    smokeServer.on("request", (_, response) =>
      response.writeHead(this.smokeStatus).end(this.smokeStatus === 200 ? "fine" : "broken"),
    );
  }

  /** Store that releases are made in. */
  readonly source: string;

  static async start(): Promise<PromotionWorld> {
    const emulator = await startEmulator();
    const proxy = new LedgerProxy(emulator.endpoint);
    const endpoint = await proxy.start();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const source = join(temporaryFolder(), "releases");
    const store = new FolderStore(source);
    const [r1, r2, r3] = await Promise.all([
      releaseApp({ label: "one" }, store),
      releaseApp({ label: "two" }, store),
      releaseApp({ label: "three", extraTable: true }, store),
    ]);
    const world = new PromotionWorld(emulator, proxy, endpoint, server, { r1, r2, r3 }, source);
    for (const { name, accountId, region } of environments) await createStorage(emulator, name, accountId, region);
    // Whose older sessions can be cut off.
    const RoleName = "tap-bootstrap-deploy-dev-us-east-1";
    await new IAMClient(world.client("us-east-1")).send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: "{}" }),
    );
    return world;
  }

  async stop(): Promise<void> {
    this.smokeServer.closeAllConnections();
    this.smokeServer.close();
    await this.proxy.stop();
    await this.emulator.stop();
  }

  /** Brings two releases into dev, one after the other. @throws Error where that fails */
  async begin(): Promise<void> {
    for (const release of [this.releases.r1, this.releases.r2]) {
      const { exitCode, stdout, stderr } = await this.promote("dev", release);
      if (exitCode !== 0) throw new Error(`dev has no release to begin with:\n${stdout}${stderr}`);
    }
  }

  /** Whatever a trial has left: all works again. */
  reset(): void {
    this.smokeStatus = 200;
    this.proxy.isDown = false;
    this.proxy.onWrite = undefined;
  }

  /** Starts the command. */
  start(args: readonly string[], variables: Record<string, string> = {}): RunningTap {
    const child = spawn(process.execPath, [join(projectRoot, "bin", "tap.mjs"), ...args], {
      cwd: projectRoot,
      env: {
        ...terraformVariables(),
        ...this.emulator.variables,
        AWS_ENDPOINT_URL_DYNAMODB: this.proxyEndpoint,
        // A world is a machine of its own: without a lock file, Terraform fills the cache again while others use it.
        TF_PLUGIN_CACHE_DIR: join(this.folder, "plugins"),
        TF_STANDIN_LOG: this.log,
        TAP_CUT_OFF_WAIT_MILLISECONDS: "0",
        ...variables,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const text = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text.stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (text.stderr += chunk));
    const ended = new Promise<TapResult>((resolve) =>
      child.once("close", (exitCode) => resolve({ exitCode, ...text, result: resultIn(text.stdout) })),
    );
    return {
      child,
      ended,
      signal: (name) => {
        for (const pid of withDescendants(child.pid as number)) signalTo(pid, name);
      },
    };
  }

  startPromote(
    to: EnvironmentName,
    release: string | undefined,
    more: readonly string[] = [],
    variables = {},
  ): RunningTap {
    return this.start(
      ["promote", "--to", to, ...(release === undefined ? [] : ["--release", release]), ...this.options(to), ...more],
      variables,
    );
  }

  promote(to: EnvironmentName, release?: string, more: readonly string[] = [], variables = {}): Promise<TapResult> {
    return this.startPromote(to, release, more, variables).ended;
  }

  rollback(env: EnvironmentName, more: readonly string[] = [], variables = {}): Promise<TapResult> {
    const options = this.options(env).filter((_, index, all) => !isFrom(all[index]) && !isFrom(all[index - 1]));
    return this.start(["rollback", "--env", env, ...options, ...more], variables).ended;
  }

  /** All that leads into this world and not into AWS. */
  options(environment: EnvironmentName): string[] {
    const before = { dev: this.source, staging: this.storeOf("dev"), prod: this.storeOf("staging") }[environment];
    return [
      ...["--json", "--store", this.storeOf(environment), "--from-store", before, "--from-role", "none"],
      ...["--work", join(this.folder, "work", environment), "--smoke", this.smoke, "--smoke-patience", "0"],
      ...["--alarm-window", "0", "--alarm-patience", "0", "--audit-fail-on", "critical"],
      ...["--lease-seconds", "3", "--lock-wait", "2", ...backendSettings],
    ];
  }

  storeOf(environment: EnvironmentName): string {
    return join(this.folder, "stores", environment);
  }

  ledgerOf(environment: EnvironmentName): Ledger {
    const { region } = environmentNamed(environment);
    return new DynamoLedger({
      tableName: `tap-delivery-ledger-${environment}-${region}`,
      region,
      environment,
      client: new DynamoDBClient(this.client(region)),
    });
  }

  /** What an AWS client is made with. */
  client(region: string) {
    return { region, endpoint: this.emulator.endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } };
  }

  /** A ledger that knows nothing yet. */
  async freshLedger(environment: EnvironmentName): Promise<{ location: string; ledger: Ledger }> {
    const { region } = environmentNamed(environment);
    const tableName = `tap-delivery-ledger-fresh-${Date.now()}`;
    await createTable(this.emulator, region, tableName, ["pk", "sk"]);
    const client = new DynamoDBClient(this.client(region));
    return {
      location: `dynamodb:${tableName}`,
      ledger: new DynamoLedger({ tableName, region, environment, client }),
    };
  }

  /** Leaves the lock of a Terraform that was killed; of one that was taking or giving it back just then, in one place. */
  async lockByHand(environment: EnvironmentName, places: readonly ("file" | "table")[]): Promise<void> {
    if ((await this.locks(environment)).length > 0) return;
    const { accountId, region } = environmentNamed(environment);
    const path = `tap-state-${accountId}-${region}/${stackId("observability", environmentNamed(environment))}`;
    const info = JSON.stringify({
      ID: "0f0f0f0f-0000-4000-8000-000000000000",
      Path: path,
      Operation: "OperationTypeApply",
      Who: "gone@elsewhere",
      Version: "1.11.0",
      Created: new Date().toISOString(),
      Info: "",
    });
    if (places.includes("file")) await this.emulator.s3("PUT", `${path}.tflock`, info);
    if (!places.includes("table")) return;
    await this.emulator.call("DynamoDB_20120810.PutItem", region, {
      TableName: "tap-state-lock",
      Item: { LockID: { S: path }, Info: { S: info } },
    });
  }

  /** Which release each stack's state is at: its label, or none; "…" where it is at several. */
  async labels(environment: EnvironmentName): Promise<string[]> {
    return Promise.all(
      components.map(async (component) => {
        const state = await this.state(environment, component);
        const text = JSON.stringify(state?.resources?.filter(({ mode }) => mode === "managed") ?? []);
        const found = [...new Set([...text.matchAll(/"(one|two|three)"/g)].map(([, label]) => label))];
        return found.length === 0 ? "none" : found.length === 1 ? (found[0] as string) : "…";
      }),
    );
  }

  async state(environment: EnvironmentName, component: (typeof components)[number]): Promise<State | undefined> {
    const { accountId, region, ...rest } = environmentNamed(environment);
    const key = stackId(component, { accountId, region, ...rest } as (typeof environments)[number]);
    const answer = await this.emulator.s3("GET", `tap-state-${accountId}-${region}/${key}`);
    return answer.ok ? ((await answer.json()) as State) : undefined;
  }

  /** Locks of Terraform that are left. */
  async locks(environment: EnvironmentName): Promise<string[]> {
    const { accountId, region, ...rest } = environmentNamed(environment);
    const left: string[] = [];
    for (const component of components) {
      const key = stackId(component, { accountId, region, ...rest } as (typeof environments)[number]);
      const file = await this.emulator.s3("GET", `tap-state-${accountId}-${region}/${key}.tflock`);
      if (file.ok) left.push(`${key}.tflock`);
      const { Item } = await this.emulator.call("DynamoDB_20120810.GetItem", region, {
        TableName: "tap-state-lock",
        Key: { LockID: { S: `tap-state-${accountId}-${region}/${key}` } },
      });
      if (Item !== undefined) left.push(`${key} in the table`);
    }
    return left;
  }

  /** Tables that Terraform has deleted, and nobody had agreed to. */
  deletedTables(): string[] {
    if (!existsSync(this.log)) return [];
    const lines = readFileSync(this.log, "utf8").split("\n");
    const deleted = lines.filter((line) => line.includes('"action":"delete"') && line.includes("aws_dynamodb_table"));
    return deleted.slice(this.#agreedTables);
  }

  #agreedTables = 0;
  forgetDeletedTables(): void {
    this.#agreedTables += this.deletedTables().length;
  }
}

/** A process and all that it has started: Terraform has a process group of its own. */
function withDescendants(pid: number): number[] {
  const parents = readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, parent = ""] = /\) \S (\d+) /.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
      return [[Number(name), Number(parent)] as const];
    } catch {
      return [];
    }
  });
  const found = [pid];
  for (const each of found) for (const [child, parent] of parents) if (parent === each) found.push(child);
  return found;
}

function signalTo(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}

interface State {
  readonly serial: number;
  readonly lineage: string;
  readonly resources?: readonly { readonly mode: string; readonly type: string; readonly name: string }[];
}

/** What a release is known by in states. */
export function labelOf(world: PromotionWorld, release: string): string {
  const labels = { r1: "one", r2: "two", r3: "three" } as const;
  const name = (Object.keys(labels) as (keyof typeof labels)[]).find((each) => world.releases[each] === release);
  return name === undefined ? release : labels[name];
}

const isFrom = (option: string | undefined) => option === "--from-store" || option === "--from-role";

export function environmentNamed(name: EnvironmentName): (typeof environments)[number] {
  return environments.find((each) => each.name === name) as (typeof environments)[number];
}

function resultIn(stdout: string): DeliveryResult | undefined {
  try {
    return JSON.parse(stdout) as DeliveryResult;
  } catch {
    return undefined;
  }
}

async function createStorage(emulator: Emulator, name: string, accountId: string, region: string): Promise<void> {
  const location = `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`;
  await emulator.s3("PUT", `tap-state-${accountId}-${region}`, region === "us-east-1" ? undefined : location);
  await createTable(emulator, region, "tap-state-lock", ["LockID"]);
  await createTable(emulator, region, `tap-delivery-ledger-${name}-${region}`, ["pk", "sk"]);
}

async function createTable(
  emulator: Emulator,
  region: string,
  TableName: string,
  keys: readonly string[],
): Promise<void> {
  const table = {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? "HASH" : "RANGE" })),
  };
  await emulator.call("DynamoDB_20120810.CreateTable", region, table).catch((error: Error) => {
    // The emulator is one account: environments of one region find the lock table there.
    if (!error.message.includes("ResourceInUse")) throw error;
  });
}

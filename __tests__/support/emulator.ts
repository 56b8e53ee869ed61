import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { projectRoot, temporaryFolder } from "./project";
import { loudlySkipped } from "./skipped";

/** An AWS emulator that needs no Docker; exactly this release is what the tests were written against. */
const ministack = "ministack==1.5.33";
const environmentFolder = join(projectRoot, ".cache", "python");

export interface Emulator {
  /** `http://127.0.0.1:{port}` */
  readonly endpoint: string;
  /** What AWS clients, Terraform's backend among them, need to find it. */
  readonly variables: Record<string, string>;
  /** One call of an API with JSON bodies: `call("DynamoDB_20120810.GetItem", "us-east-1", {…})`. */
  call(target: string, region: string, body: object): Promise<Record<string, unknown>>;
  /** Puts, gets or deletes `bucket` or `bucket/key`. */
  s3(method: "PUT" | "GET" | "HEAD" | "DELETE", path: string, body?: string): Promise<Response>;
  stop(): Promise<void>;
}

/** Why there can be no emulator here, or undefined. */
function emulatorMissing(): string | undefined {
  const { status, stdout } = spawnSync("python3", ["-c", "import sys; print(sys.version_info >= (3, 10))"], {
    encoding: "utf8",
  });
  return status === 0 && stdout.trim() === "True"
    ? undefined
    : "Python 3.10 or newer is not on PATH as python3: the AWS emulator needs it";
}

const missing = emulatorMissing();
/** `describe`, or a loud skip where there is no Python for the AWS emulator. */
export const describeWithEmulator = missing ? loudlySkipped(missing) : describe;

/** Starts a fresh emulator on a free port, with nothing of the caller's environment in it. */
export async function startEmulator(): Promise<Emulator> {
  const program = await install();
  const port = await freePort();
  const home = temporaryFolder();
  const log = join(home, "emulator.log");
  const child = spawn(program, [], {
    env: {
      PATH: process.env.PATH,
      HOME: home,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      STATE_DIR: join(home, "state"),
      SFTP_ENABLED: "0",
      IOT_MTLS_ENABLED: "0",
    },
    stdio: ["ignore", openSync(log, "a"), openSync(log, "a")],
  });
  await untilHealthy(`http://127.0.0.1:${port}`, child, log);
  const front = await startFront(port);
  const endpoint = `http://127.0.0.1:${front.port}`;
  return {
    endpoint,
    variables: { AWS_ENDPOINT_URL: endpoint, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    call: (target, region, body) => call(endpoint, target, region, body),
    s3: (method, path, body) => fetch(`${endpoint}/${path}`, { method, ...(body === undefined ? {} : { body }) }),
    stop: () => Promise.all([stop(child), stop(front.process)]).then(() => undefined),
  };
}

/** The pass-through that emulator-front.mjs explains, and its port. */
function startFront(emulatorPort: number): Promise<{ port: number; process: ChildProcess }> {
  const child = spawn(process.execPath, [join(__dirname, "emulator-front.mjs"), String(emulatorPort)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("data", (line: Buffer) => resolve({ port: Number(line.toString()), process: child }));
  });
}

/** Once per release of the emulator, by one process at a time; a half-made environment has no marker and is made again. */
async function install(): Promise<string> {
  const marker = join(environmentFolder, "installed");
  const bin = join(environmentFolder, "bin");
  const isThere = () => existsSync(marker) && readFileSync(marker, "utf8") === ministack;
  if (isThere()) return join(bin, "ministack");
  const unlock = await lock(`${environmentFolder}.lock`);
  try {
    if (!isThere()) {
      run("python3", ["-m", "venv", "--clear", environmentFolder]);
      run(join(bin, "pip"), ["install", "--quiet", "--disable-pip-version-check", ministack]);
      writeFileSync(marker, ministack);
    }
  } finally {
    unlock();
  }
  return join(bin, "ministack");
}

/** A folder is made by one process alone; one that is older than what it guards takes was left by a process that was killed. */
async function lock(folder: string): Promise<() => void> {
  mkdirSync(dirname(folder), { recursive: true });
  for (;;) {
    try {
      mkdirSync(folder);
      return () => rmSync(folder, { recursive: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > 5 * 60_000) rmSync(folder, { recursive: true, force: true });
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} failed:\n${stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function untilHealthy(endpoint: string, child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const healthy = await fetch(`${endpoint}/_ministack/health`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (healthy) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  child.kill("SIGKILL");
  throw new Error(`The emulator didn't come up:\n${readFileSync(log, "utf8")}`);
}

async function call(endpoint: string, target: string, region: string, body: object): Promise<Record<string, unknown>> {
  const service = target.split("_")[0]?.toLowerCase();
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {
      "X-Amz-Target": target,
      "Content-Type": "application/x-amz-json-1.0",
      // Signatures are not checked; the region and the service are read from here.
      Authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
    },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (!response.ok) throw new Error(`${target}: ${JSON.stringify(answer)}`);
  return answer;
}

function stop(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../tap/local/processes";
import { emulatorMissing } from "./emulator-missing";
import { projectRoot, temporaryFolder } from "./project";
import { loudlySkipped } from "./skipped";

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

const missing = emulatorMissing();
/** `describe`, or a loud skip where there is no Python for the AWS emulator. */
export const describeWithEmulator = missing ? loudlySkipped(missing) : describe;

/** Starts a fresh emulator on a free port, with nothing of the caller's environment in it. */
export async function startEmulator(): Promise<Emulator> {
  const program = install();
  const port = await freePort(0);
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

/** The pass-through that front.mjs explains, and its port. */
function startFront(emulatorPort: number): Promise<{ port: number; process: ChildProcess }> {
  const front = join(projectRoot, "tap", "local", "front.mjs");
  const child = spawn(process.execPath, [front, JSON.stringify({ emulatorPort })], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("data", (line: Buffer) => resolve({ port: Number(line.toString()), process: child }));
  });
}

/** The emulator that `tap local` runs, without what that corrects in it. */
function install(): string {
  const script = join(projectRoot, "bin", "python-environment.mjs");
  const args = [script, "local/python", "tap/local/requirements.txt"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return join(stdout.trim(), "ministack");
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

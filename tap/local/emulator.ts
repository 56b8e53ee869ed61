import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../context";
import { functionRuntime } from "./function-runtime";
import { freePort, isRunning } from "./processes";
import type { LocalProcess, RunningEmulator } from "./state";

export interface EmulatorOptions {
  readonly projectRoot: string;
  /** Where its files and logs are. */
  readonly folder: string;
  /** Account that requests without credentials are of: calls of REST APIs. */
  readonly accountId: string;
  readonly region: string;
  /** Wanted port; any other, where it isn't free. */
  readonly port: number;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** What takes a while, or isn't as it would be in AWS. */
  say(text: string): void;
}

/** Milliseconds until the emulator answers; it takes 300, and more on a busy machine. */
const patienceMilliseconds = 30_000;

/**
 * Installs the emulator where it isn't yet, and starts it with nothing of the caller's environment in it, in
 * processes that outlive this one.
 */
export async function startEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  const [bin, node] = await Promise.all([install(options), functionRuntime(options)]);
  const temporary = join(options.folder, "tmp");
  mkdirSync(temporary, { recursive: true });
  // What starts functions is CommonJS; the project's own package.json would have it that it isn't.
  writeFileSync(join(temporary, "package.json"), "{}");
  for (let attempt = 1; ; attempt += 1) {
    const started: LocalProcess[] = [];
    try {
      return await start(options, bin, node, started);
    } catch (error) {
      // Somebody else may have taken a port that was free a moment ago.
      for (const one of started) signalGroup(one);
      if (attempt === 3) throw error;
    }
  }
}

async function start(
  options: EmulatorOptions,
  bin: string,
  node: string | undefined,
  started: LocalProcess[],
): Promise<RunningEmulator> {
  const { projectRoot, folder, accountId, region } = options;
  const [port, emulatorPort] = [await freePort(options.port), await freePort(0)];
  const endpoint = `http://127.0.0.1:${port}`;
  const front = join(projectRoot, "tap", "local", "front.mjs");
  const settings = { emulatorPort, port, https: true, calls: join(folder, "calls.jsonl") };
  started.push(
    launch("front", process.execPath, [front, JSON.stringify(settings)], front, folder, {
      PATH: options.variables.PATH,
    }),
  );
  const script = join(projectRoot, "tap", "local", "emulator.py");
  const emulator = launch("emulator", join(bin, "python"), [script], script, folder, {
    PATH: [node, bin, options.variables.PATH].filter((path) => path !== undefined).join(":"),
    HOME: folder,
    TMPDIR: join(folder, "tmp"),
    BIND_HOST: "127.0.0.1",
    GATEWAY_PORT: String(emulatorPort),
    STATE_DIR: join(folder, "emulator"),
    S3_DATA_DIR: join(folder, "objects"),
    SFTP_ENABLED: "0",
    IOT_MTLS_ENABLED: "0",
    AUTH: "true",
    MINISTACK_ACCOUNT_ID: accountId,
    MINISTACK_REGION: region,
    LAMBDA_ASYNC_RETRY_BASE_SECONDS: "0.1",
    // Functions inherit it: their calls go by the front.
    AWS_ENDPOINT_URL: endpoint,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
  });
  started.push(emulator);
  await untilHealthy(endpoint, started, join(folder, "emulator.log"));
  return { endpoint, processes: started, since: new Date().toISOString() };
}

function launch(
  name: LocalProcess["name"],
  program: string,
  args: readonly string[],
  mark: string,
  folder: string,
  variables: Readonly<Record<string, string | undefined>>,
): LocalProcess {
  const log = openSync(join(folder, `${name}.log`), "a");
  const child: ChildProcess = spawn(program, args, {
    // A group of its own: with all that it starts, it outlives this process, and is ended as one.
    detached: true,
    cwd: folder,
    stdio: ["ignore", log, log],
    env: Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined)),
  });
  child.on("error", () => undefined);
  child.unref();
  if (child.pid === undefined) throw new CommandError(`${program} could not be started`);
  return { name, pid: child.pid, mark };
}

function signalGroup({ pid }: LocalProcess): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}

async function untilHealthy(endpoint: string, processes: readonly LocalProcess[], log: string): Promise<void> {
  const deadline = Date.now() + patienceMilliseconds;
  while (Date.now() < deadline && processes.every(isRunning)) {
    if (await isHealthy(endpoint)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const said = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").slice(-15).join("\n") : "";
  throw new CommandError(`The emulator didn't come up (${log}):\n${said}`);
}

/** Whether an emulator answers. */
export async function isHealthy(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(5_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** Whether the emulator that was started is still the one that runs: what was made in it is gone with it. */
export async function isUp({ endpoint, processes }: RunningEmulator): Promise<boolean> {
  return processes.every(isRunning) && (await isHealthy(endpoint));
}

/** The folder of the emulator's programs, installed where they aren't yet. */
async function install({ projectRoot, variables, say }: EmulatorOptions): Promise<string> {
  const script = join(projectRoot, "bin", "python-environment.mjs");
  if (!existsSync(join(projectRoot, ".cache", "local", "python", "installed"))) say("Installing the emulator, once");
  return run(process.execPath, [script, "local/python", "tap/local/requirements.txt"], projectRoot, variables);
}

/** What a program prints, or a refusal with what it says is wrong. */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: variables as NodeJS.ProcessEnv, stdio: ["ignore", "pipe", "pipe"] });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.once("error", (error) => reject(new CommandError(`${program}: ${error.message}`)));
    child.once("close", (code) =>
      code === 0 ? resolve(output.trim()) : reject(new CommandError(errors.trim() || `${program} ended with ${code}`)),
    );
  });
}

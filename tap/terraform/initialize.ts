import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CommandError, type Context } from "../context";
import { acquire } from "../lock";
import { type LoggedOptions, type LoggedResult, terraformLogged } from "./logged";

/** Checksums of the providers that a folder's configuration asks for. */
export const lockFileName = ".terraform.lock.hcl";

/** How often it is tried again to fill the cache, while another process does. */
const waitMilliseconds = 200;

/** What the last `init` of a folder was of; in `.terraform`, so that it goes where that goes. */
const stampFile = join(".terraform", "tap-init");

/**
 * Runs `terraform init` in many folders, with one cache of providers for all. Terraform's cache may not be filled by
 * two at once, and is used only where the lock file has the provider's checksums: so the first folder of a kind is
 * initialized alone, and hands its lock file to the others, which then only read from the cache, side by side. The
 * variable that lets Terraform use the cache without checksums (TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE)
 * stays unset.
 */
export class Initializer {
  readonly #cache: string;
  /** Lock files by what is required. */
  readonly #known = new Map<string, string>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: Context,
    private readonly backendConfig: readonly string[] = [],
  ) {
    this.#cache = context.variables.TF_PLUGIN_CACHE_DIR || join(context.projectRoot, ".tap", "plugins");
    mkdirSync(this.#cache, { recursive: true });
  }

  /** Undefined where the folder is as the same `init` left it; `again` runs it all the same. */
  async initialize(
    folder: string,
    options: LoggedOptions & { readonly again?: boolean },
  ): Promise<LoggedResult | undefined> {
    const required = requiredProviders(folder);
    if (!options.again && this.#isDone(folder)) {
      this.#remember(folder, required);
      return undefined;
    }
    const release = await this.#acquire();
    const known = this.#known.get(required);
    if (known !== undefined) {
      release();
      if (!existsSync(join(folder, lockFileName))) writeFileSync(join(folder, lockFileName), known);
      return this.#run(folder, options);
    }
    try {
      const result = await this.#alone(options.signal, () => this.#run(folder, options));
      if (result.exitCode === 0) this.#remember(folder, required);
      return result;
    } finally {
      release();
    }
  }

  /** While no other process fills the cache: a lock beside it says who does. */
  async #alone<T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> {
    let release: (() => void) | undefined;
    while (release === undefined && !signal?.aborted) {
      try {
        release = acquire(`${this.#cache}.lock`, "terraform init");
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        await pause(waitMilliseconds);
      }
    }
    try {
      return await run();
    } finally {
      release?.();
    }
  }

  async #run(folder: string, options: LoggedOptions): Promise<LoggedResult> {
    const backend = this.backendConfig.map((setting) => `-backend-config=${setting}`);
    const result = await terraformLogged(this.context, folder, ["init", "-no-color", "-reconfigure", ...backend], {
      ...options,
      variables: { ...options.variables, TF_PLUGIN_CACHE_DIR: this.#cache },
    });
    if (result.exitCode === 0) writeFileSync(join(folder, stampFile), this.#stampOf(folder));
    return result;
  }

  #remember(folder: string, required: string): void {
    const path = join(folder, lockFileName);
    if (!this.#known.has(required) && existsSync(path)) this.#known.set(required, readFileSync(path, "utf8"));
  }

  /** One at a time, in the order of asking. */
  async #acquire(): Promise<() => void> {
    const before = this.#turn;
    let release = () => {};
    this.#turn = new Promise<void>((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  #isDone(folder: string): boolean {
    const stamp = join(folder, stampFile);
    return existsSync(stamp) && readFileSync(stamp, "utf8") === this.#stampOf(folder);
  }

  /** All that `init` goes by: blocks about Terraform itself, the lock file, the backend's settings, where things are. */
  #stampOf(folder: string): string {
    const { TERRAFORM_BINARY_NAME = "", TF_CLI_CONFIG_FILE = "" } = this.context.variables;
    const lock = join(folder, lockFileName);
    const parts = [
      ...terraformBlocks(folder).map((block) => JSON.stringify(block)),
      existsSync(lock) ? readFileSync(lock, "utf8") : "",
      ...this.backendConfig,
      this.#cache,
      TERRAFORM_BINARY_NAME,
      TF_CLI_CONFIG_FILE,
    ];
    return createHash("sha256").update(parts.join("\0")).digest("hex");
  }
}

function terraformBlocks(folder: string): { readonly required_providers?: unknown }[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(".tf.json"));
  return files.sort().flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")).terraform ?? []);
}

function requiredProviders(folder: string): string {
  return JSON.stringify(terraformBlocks(folder).map(({ required_providers: required }) => required ?? null));
}

import type { Command } from "commander";
import { CommandError, type Context, loadConfiguration } from "../context";
import { withLock } from "../local/lock";
import { localFolder } from "../local/state";
import { addEnvironment, type SelectionOptions } from "../selection";
import { synthesize } from "./synth";

interface UpCommandOptions extends SelectionOptions {
  outdir?: string;
  endpoint?: string;
  port: string;
  fresh?: boolean;
  json?: boolean;
}

export function addLocal(program: Command, context: Context): void {
  const local = program.command("local").summary("run an environment on this machine, permissions and all");
  addEnvironment(local.command("up"))
    .option("--outdir <folder>")
    .option("--endpoint <url>")
    .option("--port <port>", "", "4566")
    .option("--fresh")
    .option("--json")
    .action(async (options: UpCommandOptions) => upCommand(context, options));
}

async function upCommand(context: Context, options: UpCommandOptions): Promise<void> {
  const { environments } = loadConfiguration(context, options);
  const [environment] = environments;
  if (environment === undefined) throw new CommandError("none");
  const { up } = await import("../local/up");
  const folder = localFolder(context.projectRoot, environment.environmentSuffix);
  const result = await withLock(folder, "tap local up", () =>
    up(context, {
      environment,
      ...(options.outdir === undefined ? {} : { outdir: options.outdir }),
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      port: Number(options.port),
      fresh: options.fresh ?? false,
      synthesize: async (outdir) => {
        await synthesize(context, { environment: [environment.environmentSuffix], outdir });
      },
    }),
  );
  context.print(JSON.stringify({ ...result, state: undefined }, null, 1));
}

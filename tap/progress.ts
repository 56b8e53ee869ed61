import type { ListrTask } from "listr2";
import type { Context } from "./context";

export interface Step {
  /** What is done, in a word or two. */
  readonly title: string;
  /** Does it; `say` replaces the line under the title while it runs. */
  run(say: (text: string) => void): Promise<void>;
}

export interface StepsOptions {
  /** Whether the steps end by themselves what SIGINT interrupts, as Terraform's do. @default false: it ends the process */
  readonly areInterruptible?: boolean;
}

/** Runs steps one after the other: redrawn in place on a terminal, plain lines where there is none (CI). Standard error only. */
export async function runSteps(
  context: Context,
  steps: readonly Step[],
  { areInterruptible = false }: StepsOptions = {},
): Promise<void> {
  const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
  const logger = new ListrLogger({ processOutput: new ProcessOutput(process.stderr, process.stderr) });
  const tasks: ListrTask[] = steps.map(({ title, run }) => ({
    title,
    task: (_, task) =>
      run((text) => {
        if (context.interactive) task.output = text;
      }),
  }));
  await new Listr(tasks, {
    renderer: context.interactive ? "default" : "simple",
    fallbackRendererOptions: { logger },
    registerSignalListeners: !areInterruptible,
    rendererOptions: { logger },
  }).run();
}

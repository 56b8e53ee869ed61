import { spawn } from "node:child_process";
import { CommandError, type Context } from "../context";

export interface TerraformResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The binary that cdktf itself runs: TERRAFORM_BINARY_NAME, else `terraform` on PATH. */
export function binaryOf(context: Context): string {
  return context.variables.TERRAFORM_BINARY_NAME || "terraform";
}

/** Without what would send Terraform to another state than the folder's. */
export function environmentOf(context: Context): NodeJS.ProcessEnv {
  const { TF_WORKSPACE: _, TF_DATA_DIR: __, ...variables } = context.variables;
  return variables;
}

/** Runs Terraform in a folder and collects what it says; never asks for input. */
export function terraform(context: Context, folder: string, args: readonly string[]): Promise<TerraformResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(binaryOf(context), args, {
      cwd: folder,
      env: { ...environmentOf(context), TF_IN_AUTOMATION: "1", TF_INPUT: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => (chunks.stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (chunks.stderr += text));
    child.on("error", (error) => reject(notFound(context, error)));
    child.on("close", (code) => resolve({ exitCode: code ?? 1, ...chunks }));
  });
}

/** Like `terraform`, for what can't go on where it fails. */
export async function terraformOrRefuse(context: Context, folder: string, args: readonly string[]): Promise<string> {
  const result = await terraform(context, folder, args);
  if (result.exitCode !== 0) throw new CommandError(failure(args, result));
  return result.stdout;
}

/** Runs Terraform on the caller's own terminal, where it may ask. */
export function terraformOnTerminal(context: Context, folder: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(binaryOf(context), args, { cwd: folder, env: environmentOf(context), stdio: "inherit" });
    // Ctrl-C reaches Terraform too, which ends what it is doing; this process waits for it.
    const ignore = () => {};
    process.on("SIGINT", ignore);
    child.on("error", (error) => reject(notFound(context, error)));
    child.on("close", (code) => {
      process.off("SIGINT", ignore);
      resolve(code ?? 1);
    });
  });
}

export function failure(args: readonly string[], { stderr, stdout }: TerraformResult): string {
  return `terraform ${args[0]} failed:\n${(stderr.trim() || stdout.trim()).replaceAll(/^/gm, "  ")}`;
}

export function notFound(context: Context, error: Error): Error {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") return error;
  return new CommandError(
    `Terraform 1.10 or newer is needed, and "${binaryOf(context)}" is not on PATH. Install it, or name another binary in TERRAFORM_BINARY_NAME (OpenTofu: tofu).`,
  );
}

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Context } from "../context";
import { type Proof, proofsOf, readReports, type Status } from "../requirements/proofs";

interface RequirementsOptions {
  json?: boolean;
  open?: boolean;
}

export function addRequirements(program: Command, context: Context): void {
  program
    .command("requirements")
    .summary("list every requirement with its proof")
    .description(
      "Lists every id of docs/requirements.md with what the last test runs on this machine prove of it. Proven is what tests pass for, and at least one mutation, of the synthesized JSON or of the code, was seen to turn red; a title alone is a claim.",
    )
    .option("--open", "only what is not proven")
    .option("--json", "print the list as JSON")
    .addHelpText(
      "after",
      `
Examples:
  npm test && npm run test:mutations && npx tap requirements
  npx tap requirements --open`,
    )
    .action((options: RequirementsOptions) => requirements(context, options));
}

function requirements(context: Context, options: RequirementsOptions): void {
  const document = readFileSync(join(context.projectRoot, "docs", "requirements.md"), "utf8");
  const { tests, mutations } = readReports(join(context.projectRoot, "reports"));
  const proofs = proofsOf(document, tests, mutations).filter(({ status }) => !options.open || status !== "proven");
  if (options.json) {
    context.print(JSON.stringify(proofs, null, 2));
    return;
  }
  for (const report of staleReports(context.projectRoot))
    context.remark(`reports/${report} is older than the source: run it again.`);
  if (tests.length === 0) context.remark("No test has run here yet: npm test, then npm run test:mutations.\n");
  context.print([...proofs.map(line), "", summary(proofs)].join("\n"));
}

/** Reports from before the last change of the source: what they say may no longer be so. */
function staleReports(projectRoot: string): string[] {
  const timeOf = (path: string) => statSync(path).mtimeMs;
  const folders = ["config", "constructs", "stacks", "tap", "bin", "__tests__"].map((name) => join(projectRoot, name));
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const newest = Math.max(...[...files, join(projectRoot, "main.ts"), join(projectRoot, "backend.hcl")].map(timeOf));
  const reports = join(projectRoot, "reports");
  return existsSync(reports) ? readdirSync(reports).filter((name) => timeOf(join(reports, name)) < newest) : [];
}

const marks: Readonly<Record<Status, string>> = { proven: "✔", claimed: "?", failing: "✘", open: "·" };

function line({ id, status, tests, mutations, text }: Proof): string {
  const evidence = status === "open" ? "" : `${tests} tests, ${mutations} red`;
  return `${marks[status]} ${id.padEnd(8)} ${status.padEnd(8)} ${evidence.padEnd(20)} ${shorten(text)}`;
}

function shorten(text: string): string {
  const plain = text.replaceAll("`", "");
  return plain.length <= 80 ? plain : `${plain.slice(0, 79).trimEnd()}…`;
}

function summary(proofs: readonly Proof[]): string {
  const count = (status: Status) => proofs.filter((proof) => proof.status === status).length;
  return `${count("proven")} proven, ${count("claimed")} claimed by title alone, ${count("failing")} failing, ${count("open")} open`;
}

import { existsSync } from "node:fs";
import { isAbsolute, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { ConfigError } from "../../config/errors";
import { explain, nearRules } from "../audit/explain";
import { auditFile, auditFileName, type JudgeOptions, judgeSources, otherRules } from "../audit/judge-sources";
import { htmlReport } from "../audit/report/html";
import { jsonReport } from "../audit/report/json";
import { locatorOf, rootOf } from "../audit/report/location";
import { sarifReport } from "../audit/report/sarif";
import { textReport } from "../audit/report/text";
import type { AuditResult } from "../audit/result";
import { type Severity, severities } from "../audit/rule";
import { rules } from "../audit/rules";
import { CommandError, type Context, outputFolder, UsageError } from "../context";
import { writeWhole } from "../files";
import type { StackSource } from "../graph/configuration";
import { readStackSources } from "../graph/read";

interface AuditOptions {
  json?: boolean;
  sarif?: string;
  html?: string;
  changed?: string;
  acknowledgements?: string;
  failOn: Severity;
  explain?: string;
}

export function addAudit(program: Command, context: Context): void {
  program
    .command("audit")
    .summary("judge the synthesized JSON by every rule")
    .argument("[path]", "a folder that cdktf wrote, one with *.tf.json, a folder of such folders, or a plan as JSON")
    .description(
      `Judges stacks by ${rules.length} rules that any configuration can be asked; this project's own also by what docs/requirements.md asks for. Nothing is called, and no credentials are needed. ${auditFileName} says which routes are public, and which findings somebody answers for until when.`,
    )
    .option("--json", "print the result as JSON")
    .option("--sarif <file>", "write SARIF 2.1.0, for code scanning")
    .option("--html <file>", "write one page that needs nothing else: search, filters, a graph of each stack")
    .option("--changed <base>", "only findings that aren't in this folder or plan")
    .option("--acknowledgements <file>", `acknowledgements and settings (default: ${auditFileName} of the project)`)
    .addOption(
      new Option("--fail-on <severity>", "the least severity that the exit code tells of")
        .choices(severities)
        .default("low"),
    )
    .option("--explain <rule>", "say what a rule is about, with an example of either kind")
    .addHelpText(
      "after",
      `
Examples:
  tap audit                                   what tap synth wrote
  tap audit --html audit.html --sarif audit.sarif
  tap audit plan.json                         terraform show -json <plan> > plan.json
  tap audit --changed ../main/cdktf.out       what a branch brings in
  tap audit --explain s3-bucket-versioning

Exit codes: 0 no finding of the severity of --fail-on or worse; 1 findings; 2 called wrongly, something that can't be
read or written, or a failure of the command itself. FORCE_COLOR and NO_COLOR decide about colours.`,
    )
    .action(async (path: string | undefined, options: AuditOptions) => {
      if (options.explain !== undefined) context.print(explanation(options.explain));
      else await run(context, path, options);
    });
}

async function run(context: Context, path: string | undefined, options: AuditOptions): Promise<void> {
  const called = asCalled(context, path, options);
  const result = await judgeChanges(context, called).catch((error: unknown) => {
    if (error instanceof CommandError) throw new UsageError(error.message);
    throw error;
  });
  const { folder, sources } = called;
  const written = [
    ...(options.sarif === undefined ? [] : [write(context, "--sarif", options.sarif, sarifReport(result, { folder }))]),
    ...(options.html === undefined ? [] : [write(context, "--html", options.html, htmlReport(result, sources))]),
  ].flat();
  context.print(options.json ? jsonReport(result) : auditText(context, result, folder));
  if (written.length > 0) throw new UsageError(written.join("\n"));
  const counted = severities.slice(0, severities.indexOf(options.failOn) + 1);
  const failing = result.findings.filter(({ rule }) => counted.includes(rule.severity)).length;
  if (failing > 0)
    throw new CommandError(
      `${failing === 1 ? "1 finding" : `${failing} findings`} of severity ${options.failOn}${options.failOn === "critical" ? "" : " or worse"}.`,
    );
}

/** What a call names, read. */
interface Called extends JudgeOptions {
  readonly folder: string;
  readonly sources: readonly StackSource[];
  readonly base?: { readonly path: string; readonly sources: readonly StackSource[] };
}

/** Reads all that a call names; what can't be read is told together. */
function asCalled(context: Context, path: string | undefined, { acknowledgements, changed }: AuditOptions): Called {
  const problems: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CommandError || error instanceof ConfigError)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  const folder = path === undefined ? outputFolder(context, undefined) : resolve(context.cwd, path);
  const sources = attempt(() => {
    if (path === undefined && !existsSync(folder))
      throw new CommandError(`${folder} is not there: tap synth writes it`);
    return readStackSources(folder);
  });
  const file = attempt(() => auditFile(context, acknowledgements));
  const base = attempt(() =>
    changed === undefined ? undefined : { path: changed, sources: readStackSources(resolve(context.cwd, changed)) },
  );
  if (sources === undefined || file === undefined || problems.length > 0) throw new UsageError(problems.join("\n"));
  return {
    folder,
    sources,
    file,
    isFileNamed: acknowledgements !== undefined,
    ...(base === undefined ? {} : { base }),
  };
}

/** What is wrong; where there is a base, without what it has too. A single stack is compared with a single one, whatever their folders are called. */
async function judgeChanges(context: Context, called: Called): Promise<AuditResult> {
  const { base, sources } = called;
  const result = await judgeSources(context, called, sources);
  if (base === undefined) return result;
  const [only] = sources;
  const renamed =
    sources.length === 1 && base.sources.length === 1 && only !== undefined
      ? base.sources.map((source) => ({ ...source, id: only.id }))
      : base.sources;
  const before = await judgeSources(context, called, renamed);
  const known = new Set(before.findings.map(({ fingerprint }) => fingerprint));
  const findings = result.findings.filter(({ fingerprint }) => !known.has(fingerprint));
  const left = result.findings.length - findings.length;
  const note = `${left === 1 ? "1 finding is" : `${left} findings are`} in ${base.path} too, and not shown.`;
  return { ...result, findings, notes: [...result.notes, note] };
}

/** Writes a report, and says so; why it can't be written, where it can't. */
function write(context: Context, option: string, file: string, text: string): string[] {
  const path = resolve(context.cwd, file);
  try {
    writeWhole(path, text);
    context.remark(`Wrote ${isAbsolute(file) ? path : fromHere(context, path)}`);
    return [];
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return [`${option}: ${file} can't be written: ${unwritable[code ?? ""] ?? message}`];
  }
}

const unwritable: Readonly<Record<string, string>> = {
  EISDIR: "it is a folder; name a file",
  EEXIST: "what should be a folder above it is a file",
  ENOTDIR: "what should be a folder above it is a file",
  EACCES: "that isn't allowed here",
  EROFS: "that isn't allowed here",
  ENOSPC: "the disk is full",
};

/** A path as it is shortest to read: what lies elsewhere is named whole. */
function fromHere({ cwd }: Context, path: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") ? path : short;
}

/** For people, with the colours and the width of their terminal. */
export function auditText(context: Context, result: AuditResult, folder: string): string {
  const { variables } = context;
  const { isTTY, columns } = process.stdout;
  const isForced = variables.FORCE_COLOR !== undefined && !["", "0", "false"].includes(variables.FORCE_COLOR);
  return textReport(result, {
    colour: !variables.NO_COLOR && (isForced || isTTY === true),
    ...(isTTY === true && columns > 0 ? { columns } : {}),
    locator: locatorOf(folder, result.stacks),
    prefix: fromHere(context, rootOf(folder)),
  });
}

function explanation(id: string): string {
  const rule = rules.find((each) => each.id === id);
  const meta = rule ?? otherRules.find((each) => each.id.toLowerCase() === id.toLowerCase());
  if (meta === undefined) {
    const near = nearRules(
      id,
      [...rules, ...otherRules].map(({ id }) => id),
    );
    throw new UsageError(
      `There is no rule ${JSON.stringify(id)}.${near.length === 0 ? "" : ` Near are ${near.join(", ")}.`} tap audit --json lists all, under rules.`,
    );
  }
  return explain(meta, rule?.examples);
}

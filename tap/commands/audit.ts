import { existsSync } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import { type Command, Option } from "commander";
import { checkBackend } from "../../config/backend";
import { ConfigError } from "../../config/errors";
import { loadEnvironments } from "../../config/load";
import { planStacks } from "../../config/plan-stacks";
import { type AuditFile, acknowledgementRules, noAuditFile, readAuditFile } from "../audit/acknowledgements";
import { audit, type Judge, type OwnProject, requirementRules } from "../audit/audit";
import {
  type BundledCode,
  callsInBundles,
  judgeLeastPrivilege,
  leastPrivilegeRule,
} from "../audit/privilege/least-privilege";
import { htmlReport } from "../audit/report/html";
import { jsonReport } from "../audit/report/json";
import { sarifReport } from "../audit/report/sarif";
import { textReport } from "../audit/report/text";
import type { AuditResult } from "../audit/result";
import { type Severity, severities } from "../audit/rule";
import { rules } from "../audit/rules";
import type { StackJson } from "../audit/stack-json";
import { CommandError, type Context, outputFolder } from "../context";
import { writeWhole } from "../files";
import type { StackSource } from "../graph/configuration";
import { readStackSources } from "../graph/read";
import { parseStackId } from "../graph/stack-id";
import { idOf } from "../selection";

interface AuditOptions {
  json?: boolean;
  sarif?: string;
  html?: string;
  changed?: string;
  acknowledgements?: string;
  failOn: Severity;
  explain?: string;
}

/** Rules that have no examples: they are about this project, or about acknowledgements. */
const otherRules = [leastPrivilegeRule, ...acknowledgementRules, ...requirementRules];

/** Settings and acknowledgements, beside what is audited. */
const auditFileName = "audit.json";

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

Exit codes: 0 no finding; 1 findings; 2 called wrongly, or a failure of the command itself.`,
    )
    .action(async (path: string | undefined, options: AuditOptions) => {
      if (options.explain === undefined) await run(context, path, options);
      else explain(context, options.explain);
    });
}

async function run(context: Context, path: string | undefined, options: AuditOptions): Promise<void> {
  const folder = path === undefined ? outputFolder(context, undefined) : resolve(context.cwd, path);
  const file = auditFile(context, options.acknowledgements);
  const result = await changedAlone(context, await judge(context, folder, file), file, options.changed);
  if (options.sarif !== undefined) write(context, options.sarif, sarifReport(result, { folder }));
  if (options.html !== undefined) write(context, options.html, htmlReport(result, readStackSources(folder)));
  context.print(
    options.json
      ? jsonReport(result)
      : textReport(result, { colour: process.stdout.isTTY === true && !context.variables.NO_COLOR }),
  );
  const counted = severities.slice(0, severities.indexOf(options.failOn) + 1);
  const failing = result.findings.filter(({ rule }) => counted.includes(rule.severity));
  if (failing.length > 0) throw new CommandError(`${failing.length} findings of severity ${options.failOn} or worse.`);
}

function auditFile(context: Context, given: string | undefined): AuditFile {
  if (given !== undefined) return readAuditFile(resolve(context.cwd, given));
  const own = join(context.projectRoot, auditFileName);
  return existsSync(own) ? readAuditFile(own) : noAuditFile;
}

async function judge(context: Context, folder: string, file: AuditFile): Promise<AuditResult> {
  const sources: readonly StackSource[] = readStackSources(folder);
  const { own, notes } = ownProject(context, sources);
  return audit({
    sources,
    ...(own === undefined ? {} : { own }),
    settings: file.settings,
    acknowledgements: own === undefined ? [] : file.acknowledgements,
    more: own === undefined ? [] : [leastPrivilege(await context.bundleFunctions())],
    today: new Date().toISOString().slice(0, 10),
    notes,
  });
}

/** What the code of this project's functions calls, against what their roles allow. */
function leastPrivilege(bundles: Readonly<Record<string, BundledCode>>): Judge {
  return {
    rule: leastPrivilegeRule,
    judge: (graph) => judgeLeastPrivilege(graph, callsInBundles(graph, bundles)),
  };
}

/** What the configuration says of these stacks, where all are this project's, and whole environments of it. */
function ownProject(context: Context, sources: readonly StackSource[]): { own?: OwnProject; notes: string[] } {
  const stacks = sources.flatMap((source) => {
    const parts = parseStackId(source.id);
    return parts === undefined || !("json" in source) ? [] : [{ ...source, ...parts } as StackJson];
  });
  if (stacks.length < sources.length || stacks.length === 0) return { notes: [] };
  try {
    const environmentSuffix = [...new Set(stacks.map((stack) => stack.environmentSuffix))];
    const environments = loadEnvironments({ environmentSuffix, variables: context.variables });
    const ids = new Set(stacks.map(({ id }) => id));
    const missing = planStacks(environments)
      .map(idOf)
      .filter((id) => !ids.has(id));
    if (missing.length > 0)
      return {
        notes: [
          `Requirements of this project were not judged: of its environments, ${missing.length} stacks aren't here (${missing.slice(0, 3).join(", ")}${missing.length > 3 ? ", …" : ""}).`,
        ],
      };
    return { own: { stacks, environments, backend: checkBackend(context.backend) }, notes: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { notes: [`Requirements of this project were not judged: ${error.problems[0]?.message ?? error.message}`] };
  }
}

async function changedAlone(
  context: Context,
  result: AuditResult,
  file: AuditFile,
  base: string | undefined,
): Promise<AuditResult> {
  if (base === undefined) return result;
  const before = await judge(context, resolve(context.cwd, base), file);
  const known = new Set(before.findings.map(({ fingerprint }) => fingerprint));
  const findings = result.findings.filter(({ fingerprint }) => !known.has(fingerprint));
  const left = result.findings.length - findings.length;
  return { ...result, findings, notes: [...result.notes, `${left} findings are in ${base} too, and not shown.`] };
}

function write(context: Context, file: string, text: string): void {
  const path = resolve(context.cwd, file);
  writeWhole(path, text);
  context.remark(`Wrote ${isAbsolute(file) ? path : relative(context.cwd, path)}`);
}

function explain(context: Context, id: string): void {
  const rule = rules.find((each) => each.id === id);
  const meta = rule ?? otherRules.find((each) => each.id === id);
  if (meta === undefined)
    throw new CommandError(`There is no rule ${id}. tap audit --json lists all that there are, under rules.`);
  const { title, severity, why, fix, references } = meta;
  const example = (title: string, json: unknown) => ["", title, JSON.stringify(json, null, 2)];
  context.print(
    [
      `${id} (${severity}): ${title}`,
      "",
      why,
      `What to do: ${fix}`,
      ...(references.length === 0 ? [] : [`See ${references.join(", ")}`]),
      ...(rule === undefined
        ? []
        : [...example("Breaks it:", rule.examples.failing), ...example("Doesn't:", rule.examples.passing)]),
    ].join("\n"),
  );
}

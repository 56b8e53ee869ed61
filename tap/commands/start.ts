import type { Command } from "commander";
import { sources } from "../../config/load";
import { auditFile, judgeSources } from "../audit/judge-sources";
import { leastPrivilegeRule } from "../audit/privilege/least-privilege";
import { summary as auditSummary } from "../audit/report/order";
import type { AuditResult } from "../audit/result";
import { CommandError, type Context } from "../context";
import { readStackSources } from "../graph/read";
import { readCdktfFolder } from "../graph/read-cdktf";
import { checkParity } from "../parity/parity";
import type { ParityReport } from "../parity/report";
import { parityText, verdict as parityVerdict } from "../parity/text";
import { runSteps } from "../progress";
import { auditText } from "./audit";
import { nextSteps, type Synthesis, summary, synthesize } from "./synth";

interface StartOptions {
  json?: boolean;
}

/** What was found out about what was synthesized. */
interface Verdict {
  readonly audit: AuditResult;
  /** Undefined where there is nothing to compare: a single environment, or a short-lived one. */
  readonly parity?: ParityReport;
}

export function addStart(program: Command, context: Context): void {
  program
    .command("start")
    .summary("synthesize everything, and say whether it is right: npm start")
    .description(
      "Synthesizes all stacks into cdktf.out, judges them by every rule (tap audit), the rights of each function against what its code calls, and the environments against each other (tap parity). Ends with the verdict, and what to do next. ENVIRONMENT narrows it to environments.",
    )
    .option("--json", "print the verdict as JSON")
    .addHelpText(
      "after",
      `
Examples:
  npm start                  dev, staging and prod
  ENVIRONMENT=pr12 npm start a short-lived environment, from dev's settings
  tap start --json | jq .holds

Exit codes: 0 everything holds; 1 it doesn't, or the configuration is refused; 2 called wrongly.`,
    )
    .action(async (options: StartOptions) => start(context, options));
}

async function start(context: Context, options: StartOptions): Promise<void> {
  const synthesis = await synthesize(context, {});
  if (!options.json) context.print(`${summary(context, synthesis)}\n`);
  const verdict = await judge(context, synthesis);
  context.print(options.json ? json(synthesis, verdict) : text(context, synthesis, verdict));
  if (!holds(verdict)) throw new CommandError("What was synthesized isn't right yet: the findings say what to change.");
}

async function judge(context: Context, { environments, backend, outdir }: Synthesis): Promise<Verdict> {
  const names = declaredNames(environments);
  let audit: AuditResult | undefined;
  let parity: ParityReport | undefined;
  await runSteps(context, [
    {
      title: "Audit",
      run: async () => {
        audit = await judgeSources(context, { file: auditFile(context), isFileNamed: false }, readStackSources(outdir));
      },
    },
    ...(names.length < 2
      ? []
      : [
          {
            title: `Compare ${names.join(" with ")}`,
            run: async (say: (text: string) => void) => {
              const stacks = readCdktfFolder(outdir);
              const functionBundles = await context.bundleFunctions();
              const { variables } = context;
              parity = await checkParity({
                stacks,
                sources,
                variables,
                backend,
                functionBundles,
                environments: names,
                say,
              });
            },
          },
        ]),
  ]);
  if (audit === undefined) throw new Error("Nothing was judged");
  return { audit, ...(parity === undefined ? {} : { parity }) };
}

/** A short-lived environment has another's settings, and none of its own to compare. */
function declaredNames(environments: Synthesis["environments"]): string[] {
  return environments.flatMap(({ name, environmentSuffix }) => (name === environmentSuffix ? [name] : []));
}

function holds({ audit, parity }: Verdict): boolean {
  return audit.findings.length === 0 && parity?.holds !== false;
}

function text(context: Context, synthesis: Synthesis, verdict: Verdict): string {
  const { audit, parity } = verdict;
  const unlike = parity?.holds === false;
  return [
    ...(audit.findings.length === 0 ? [] : [auditText(context, audit, synthesis.outdir), ""]),
    ...(unlike ? [parityText(parity), ""] : []),
    ...lines(synthesis, verdict),
    ...audit.notes.map((note) => `  ${note}`),
    "",
    ...(holds(verdict) ? [nextSteps(synthesis)] : []),
  ]
    .join("\n")
    .trimEnd();
}

function lines({ stacks }: Synthesis, { audit, parity }: Verdict): string[] {
  const functions = stacks.reduce((sum, stack) => sum + stack.functions, 0);
  const privilege = audit.findings.filter(({ rule }) => rule.id === leastPrivilegeRule.id).length;
  return [
    line(audit.findings.length === 0, "Audit", auditSummary(audit)),
    audit.rules.some(({ id }) => id === leastPrivilegeRule.id)
      ? line(
          privilege === 0,
          "Least privilege",
          privilege === 0
            ? `${functions} functions may do all that their code calls, and nothing else`
            : `${privilege} rights too many or too few`,
        )
      : "- Least privilege  not judged",
    parity === undefined
      ? "- Parity           not judged: it takes two declared environments"
      : line(parity.holds, "Parity", parityVerdict(parity).replace(/^parity /, "")),
  ];
}

function line(right: boolean, what: string, result: string): string {
  return `${right ? "✓" : "✗"} ${what.padEnd("Least privilege".length)}  ${result}`;
}

function json({ outdir, stacks, milliseconds }: Synthesis, verdict: Verdict): string {
  const { audit, parity } = verdict;
  return JSON.stringify(
    {
      holds: holds(verdict),
      synthesis: { outdir, stacks: stacks.length, milliseconds: Math.round(milliseconds) },
      audit: { findings: audit.findings, acknowledged: audit.acknowledged.length, rules: audit.rules.length },
      ...(parity === undefined ? {} : { parity: { holds: parity.holds, findings: parity.findings } }),
    },
    null,
    2,
  );
}

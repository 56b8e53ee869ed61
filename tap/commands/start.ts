import type { Command } from "commander";
import { sources } from "../../config/load";
import { auditFile, judgeSources } from "../audit/judge-sources";
import { leastPrivilegeRule } from "../audit/privilege/least-privilege";
import { summary as auditSummary } from "../audit/report/order";
import type { AuditResult } from "../audit/result";
import { CommandError, type Context } from "../context";
import { readStackSources } from "../graph/read";
import { readCdktfFolder } from "../graph/read-cdktf";
import type { Exchange } from "../local/first-request";
import type { UpResult } from "../local/up";
import { checkParity } from "../parity/parity";
import type { ParityReport } from "../parity/report";
import { parityText, verdict as parityVerdict } from "../parity/text";
import { runSteps } from "../progress";
import { auditText } from "./audit";
import { bringUp, defaultPort, refuseHalf } from "./local-up";
import { nextSteps, type Synthesis, summary, synthesize } from "./synth";

interface StartOptions {
  local?: boolean;
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
      "Synthesizes all stacks into cdktf.out, judges them by every rule (tap audit), the rights of each function against what its code calls, and the environments against each other (tap parity). Ends with the verdict, and what to do next. ENVIRONMENT narrows it to environments. With --local the first environment then runs on this machine (tap local up), and its API answers a request.",
    )
    .option("--local", "run the first environment on this machine too, and send its API a request")
    .option("--json", "print the verdict as JSON")
    .addHelpText(
      "after",
      `
Examples:
  npm start                  dev, staging and prod
  npm start -- --local       and dev, running on this machine
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
  const goesOn = holds(verdict) && options.local === true;
  if (!options.json) context.print(text(context, synthesis, verdict, goesOn ? "" : nextSteps(synthesis)));
  else if (!goesOn) context.print(JSON.stringify(json(synthesis, verdict), null, 2));
  if (!holds(verdict)) throw new CommandError("What was synthesized isn't right yet: the findings say what to change.");
  if (!goesOn) return;
  const { result, exchanges } = await runLocally(context, synthesis);
  if (options.json) {
    const { environment, emulator } = result.state;
    const local = { environment, endpoint: emulator.endpoint, exchanges };
    context.print(JSON.stringify({ ...json(synthesis, verdict), local }, null, 2));
    return;
  }
  const { upSummary, nextText } = await import("../local/report");
  const { exchangesText } = await import("../local/first-request");
  context.print(`\n${upSummary(result)}\n\n${exchangesText(exchanges)}\n\n${nextText(result.state)}`);
}

/** What runs on this machine, and what its API has answered. */
interface Running {
  readonly result: UpResult;
  readonly exchanges: readonly Exchange[];
}

/** Brings up the first environment, and sends its API a request. */
async function runLocally(context: Context, { environments: [environment] }: Synthesis): Promise<Running> {
  if (environment === undefined) throw new CommandError("config/ has no environments");
  const result = await bringUp(context, environment, { port: defaultPort, fresh: false });
  refuseHalf(result);
  const { firstRequests } = await import("../local/first-request");
  return { result, exchanges: await firstRequests(result.state) };
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

function text(context: Context, synthesis: Synthesis, verdict: Verdict, next: string): string {
  const { audit, parity } = verdict;
  const unlike = parity?.holds === false;
  return [
    ...(audit.findings.length === 0 ? [] : [auditText(context, audit, synthesis.outdir), ""]),
    ...(unlike ? [parityText(parity), ""] : []),
    ...lines(synthesis, verdict),
    ...audit.notes.map((note) => `  ${note}`),
    "",
    ...(holds(verdict) ? [next] : []),
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

function json({ outdir, stacks, milliseconds }: Synthesis, verdict: Verdict): object {
  const { audit, parity } = verdict;
  return {
    holds: holds(verdict),
    synthesis: { outdir, stacks: stacks.length, milliseconds: Math.round(milliseconds) },
    audit: { findings: audit.findings, acknowledged: audit.acknowledged.length, rules: audit.rules.length },
    ...(parity === undefined ? {} : { parity: { holds: parity.holds, findings: parity.findings } }),
  };
}

import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { CommandError, type Context, UsageError } from "../context";
import { writeWhole } from "../files";
import {
  atLeast,
  classes,
  headline,
  type Review,
  type ReviewClass,
  reviewJson,
  reviewMarkdown,
  reviewPlans,
  reviewText,
  type StackNote,
  type StackPlanJson,
} from "../review";
import { CommentError, type CommentTarget, commentMarker, putComment } from "../review/comment";
import { readPlans } from "../review/sources";

interface ReviewOptions {
  json?: boolean;
  markdown?: boolean;
  out?: string;
  failOn?: ReviewClass;
  waiting: StackNote[];
  failed: StackNote[];
  title?: string;
  comment?: boolean;
  pullRequest?: number;
}

const failClasses = classes.filter((each) => each !== "none");

export function addReview(program: Command, context: Context): void {
  program
    .command("review")
    .summary("what plans would do: safe, to review, dangerous, irreversible")
    .argument("<plans...>", "files of terraform show -json <plan>, folders of such files, or - for standard input")
    .description(
      "Classes each change of some plans, with reasons: what deletes data or makes anew what holds it is irreversible; dangerous is what opens, unprotects, or stops something; policies are compared by what they mean. What happened outside Terraform is told apart. Sensitive values are never shown. A file is called after its stack: <stack>.json, or <stack>/plan.json; in a folder of tap plan, its summary also tells of stacks that wait or failed. Nothing is called, unless --comment asks for it.",
    )
    .option("--json", "print the review as JSON")
    .option("--markdown", "print it as Markdown for a pull request, never more than GitHub takes")
    .option("--out <file>", "write it to a file, whole or not at all")
    .option("--title <text>", "heading of the Markdown", "Plan review")
    .addOption(
      new Option(
        "--fail-on <class>",
        "exit with 1 where a change is of this class or worse, or a plan failed (default: never)",
      ).choices(failClasses),
    )
    .addOption(
      noteOption("--waiting <stack=stack,…>", "a stack that has no plan yet, and those it waits for", waitingNote),
    )
    .addOption(noteOption("--failed <stack=why>", "a stack whose plan failed", failedNote))
    .option("--comment", "write it as a comment of a pull request, in place of the one before")
    .addOption(
      new Option("--pull-request <number>", "the pull request").argParser((text: string) =>
        /^[1-9]\d{0,9}$/.test(text) ? Number(text) : Number.NaN,
      ),
    )
    .addHelpText(
      "after",
      `
Examples:
  terraform show -json plan.tfplan | tap review -
  tap review plans/                            all stacks: plans/<stack>.json, or plans/<stack>/plan.json
  tap review plans/ --markdown --out review.md
  tap review plans/ --fail-on dangerous
  tap review plans/ --comment --pull-request 12
  tap review plans/ --json | jq -r '.losesData[].address'

--comment takes GITHUB_TOKEN (a workflow's needs pull-requests: write), GITHUB_REPOSITORY and GITHUB_API_URL from the
environment. There is one comment for each set of environments.

Exit codes: 0 reviewed; 1 something of the class of --fail-on or worse, no plan, or no comment; 2 called wrongly.`,
    )
    .action((plans: string[], options: ReviewOptions) => review(context, plans, options));
}

async function review(context: Context, paths: string[], options: ReviewOptions): Promise<void> {
  const target = checkCall(context, paths, options);
  const { plans, notes } = readPlans(paths, context.cwd);
  const result = reviewRead(plans, [...notes, ...options.waiting, ...options.failed]);
  const text = outputOf(context, result, options);
  if (options.out === undefined) context.print(text.trimEnd());
  else {
    writeWhole(resolve(context.cwd, options.out), `${text.trimEnd()}\n`);
    context.remark(`Wrote ${options.out}`);
  }
  if (target !== undefined) await comment(context, target, result, options);
  refuse(result, options.failOn);
}

/** Long lists are read while they are reviewed: that they are no JSON comes out here. */
function reviewRead(plans: readonly StackPlanJson[], notes: readonly StackNote[]): Review {
  try {
    return reviewPlans(plans, { notes });
  } catch (error) {
    if (error instanceof SyntaxError) throw new CommandError(`A plan is no JSON: ${error.message}`);
    throw error;
  }
}

/** All that is wrong with a call is told at once. */
function checkCall(context: Context, paths: readonly string[], options: ReviewOptions): CommentTarget | undefined {
  const problems: string[] = [];
  if (options.json && options.markdown) problems.push("--json and --markdown are two forms: name one");
  if (paths.filter((path) => path === "-").length > 1) problems.push("standard input (-) can be read once");
  if (options.pullRequest !== undefined && !options.comment) problems.push("--pull-request goes with --comment");
  const target = options.comment ? targetOf(context, options, problems) : undefined;
  if (problems.length > 0) throw new UsageError(problems.join("\n"));
  return target;
}

function targetOf({ variables }: Context, { pullRequest }: ReviewOptions, problems: string[]): CommentTarget {
  const { GITHUB_TOKEN: token = "", GITHUB_REPOSITORY: repository = "" } = variables;
  const apiUrl = variables.GITHUB_API_URL || "https://api.github.com";
  if (token === "") problems.push("--comment needs GITHUB_TOKEN in the environment");
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    problems.push(
      `--comment needs GITHUB_REPOSITORY in the environment, as owner/name (given ${JSON.stringify(repository)})`,
    );
  if (!isApiUrl(apiUrl)) problems.push(`GITHUB_API_URL must be an https address (given ${JSON.stringify(apiUrl)})`);
  if (pullRequest === undefined || Number.isNaN(pullRequest))
    problems.push("--comment needs --pull-request with its number, e.g. --pull-request 12");
  return { token, repository, apiUrl, pullRequest: pullRequest ?? 0 };
}

/** A token goes over TLS alone, or stays on this machine. */
function isApiUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === "https:" || (protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(hostname));
}

function outputOf(context: Context, result: Review, { json, markdown, title }: ReviewOptions): string {
  if (json) return reviewJson(result);
  if (markdown) return reviewMarkdown(result, title === undefined ? {} : { title });
  return reviewText(result, { colour: hasColour(context) });
}

function hasColour({ variables }: Context): boolean {
  const isForced = variables.FORCE_COLOR !== undefined && !["", "0", "false"].includes(variables.FORCE_COLOR);
  return !variables.NO_COLOR && (isForced || process.stdout.isTTY === true);
}

async function comment(
  context: Context,
  target: CommentTarget,
  result: Review,
  { title }: ReviewOptions,
): Promise<void> {
  const marker = commentMarker(result.stacks.map(({ stackId }) => stackId));
  const body = reviewMarkdown(result, { marker, ...(title === undefined ? {} : { title }) });
  try {
    const { action, url } = await putComment(target, marker, body);
    context.remark(`${action === "created" ? "Wrote" : "Updated"} the comment${url === undefined ? "" : ` ${url}`}`);
  } catch (error) {
    if (error instanceof CommentError) throw new CommandError(error.message);
    throw error;
  }
}

/** What nobody could plan is no better than what must not be. */
function refuse(result: Review, failOn: ReviewClass | undefined): void {
  if (failOn === undefined) return;
  const isFailed = result.stacks.some(({ status }) => status === "failed");
  if (isFailed || atLeast(result.highest, failOn))
    throw new CommandError(
      `Refused by --fail-on ${failOn}: ${headline(result)}. docs/operations/review.md says what each class asks for.`,
    );
}

function noteOption(flags: string, description: string, parse: (id: string, text: string) => StackNote): Option {
  return new Option(flags, description).default([], "none").argParser((text: string, before: StackNote[]) => {
    const at = text.indexOf("=");
    return [...before, at === -1 ? parse(text, "") : parse(text.slice(0, at), text.slice(at + 1))];
  });
}

function waitingNote(stackId: string, text: string): StackNote {
  return { stackId, waitingFor: text.split(",").filter((id) => id !== "") };
}

function failedNote(stackId: string, error: string): StackNote {
  return { stackId, error: error || "the reason wasn't given" };
}

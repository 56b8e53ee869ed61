import { takeDown } from "./local-environment-setup";
import { tap } from "./project";

/** Percent of the granted actions which the emulator enforces that scenarios must have used. */
const leastPercent = 95;

/** What Jest was asked to run. */
interface Asked {
  readonly nonFlagArgs: readonly string[];
  readonly testPathPatterns: { readonly patterns: readonly string[] };
  readonly testNamePattern?: string;
  readonly shard?: object;
  readonly onlyChanged: boolean;
  readonly onlyFailures: boolean;
}

/**
 * Says which granted actions scenarios have used, and leaves no process and no file of the environment that they ran in.
 * Where all scenarios were asked for, too few used actions fail the run.
 */
export default function teardown(asked: Asked): void {
  const { LOCAL_PROJECT_ROOT: root, LOCAL_PROJECT_IS_TEMPORARY: isTemporary } = process.env;
  if (root === undefined) return;
  try {
    if (isWhole(asked)) tellCoverage(root);
  } finally {
    if (isTemporary !== undefined) takeDown(root);
  }
}

function isWhole({ nonFlagArgs, testPathPatterns, testNamePattern, shard, onlyChanged, onlyFailures }: Asked): boolean {
  const chosen = [
    ...nonFlagArgs,
    ...testPathPatterns.patterns,
    testNamePattern ?? "",
    shard === undefined ? "" : "shard",
  ];
  return chosen.every((each) => each === "") && !onlyChanged && !onlyFailures;
}

function tellCoverage(root: string): void {
  const args = ["local", "coverage", "--env", "dev", "--fail-under", String(leastPercent)];
  const { exitCode, stdout, stderr } = tap(args, { root });
  process.stderr.write(`\n${stdout}`);
  if (exitCode === 0) return;
  process.stderr.write(stderr);
  // Jest writes no report where its teardown throws.
  process.exitCode = 1;
}

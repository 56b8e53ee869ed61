import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FileLedger } from "../../../tap/delivery/file-ledger";
import { tap, temporaryFolder } from "../../support/project";

const ledger = () => `file:${temporaryFolder()}`;

test.each(["promote", "rollback", "history"])("tap %s --help has examples", (verb) => {
  const { exitCode, stdout } = tap([verb, "--help"]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("Examples:\n");
});

test("several options that are wrong are told at once", () => {
  const { exitCode, stderr } = tap([
    ...["promote", "--to", "dev", "--ledger", ledger(), "--store", temporaryFolder()],
    ...["--lease-seconds", "soon", "--alarm-window", "-1"],
  ]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--lease-seconds takes a whole number from 3 to 3600 (given "soon")');
  expect(stderr).toContain('--alarm-window takes a whole number from 0 to 86400 (given "-1")');
});

test.each([
  [["promote"], 2, /--to <environment>' not specified/],
  [["promote", "--to", "nowhere-at-all"], 1, /nowhere-at-all/],
  [["promote", "--to", "dev", "--approver", "anna"], 2, /--approver goes with --approve/],
  [["promote", "--to", "dev", "--approve", "abc", "--approver", "anna"], 2, /64 hex digits.*"abc"/],
  [["promote", "--to", "dev", "--automatic-up-to", "anything"], 2, /Allowed choices are none, safe/],
  [["promote", "--to", "dev", "--ledger", "paper"], 1, /"paper" is no ledger: wanted is dynamodb/],
  [["rollback", "--env", "dev", "--ledger", "file:{fresh}"], 1, /dev has no good release to go back to/],
  [["history", "--env", "dev", "--ledger", "file:{fresh}", "--limit", "0"], 2, /--limit takes a whole number/],
  [["history", "--env", "dev", "--ledger", "file:{fresh}", "--run", "x"], 1, /x is none of the last 20 runs of dev/],
])("tap %j is refused with exit code %i", (args, exitCode, pattern) => {
  const store = args[0] === "history" ? [] : ["--store", temporaryFolder()];
  const given = args.map((arg) => (arg === "file:{fresh}" ? ledger() : arg));
  const result = tap([...given, ...store], { variables: { GITHUB_ACTOR: "" } });
  expect(result.stderr).toMatch(pattern);
  expect(result.exitCode).toBe(exitCode);
});

test("a release that isn't there is refused, and nothing is begun", async () => {
  const [folder, store] = [temporaryFolder(), temporaryFolder()];
  const args = ["promote", "--to", "dev", "--ledger", `file:${folder}`, "--store", store, "--release", "abcdef"];
  const { exitCode, stderr } = tap(args);
  expect(exitCode).toBe(1);
  expect(stderr).toMatch(/"abcdef" is no release of/);
  expect((await new FileLedger(folder, "dev").read()).version).toBe(0);
});

test("the history is the ledger's, as text and as JSON", () => {
  const folder = temporaryFolder();
  const good = { release: "f".repeat(64), runId: "run1", at: "2027-01-15T08:00:00.000Z" };
  const by = { who: "anna", host: "here", pid: 1 };
  const run = {
    id: "run1",
    environment: "dev",
    kind: "promote",
    release: good.release,
    automaticUpTo: "review",
    by,
    startedAt: good.at,
    events: [],
  };
  const record = { lease: { token: 2, expiresAt: 0 }, good, nonce: "" };
  const history = [
    { key: "run#run1", run },
    { key: "good#run1", good },
  ];
  mkdirSync(join(folder, "dev"));
  writeFileSync(join(folder, "dev", "ledger.json"), JSON.stringify({ version: 5, record, history }));
  const args = ["history", "--env", "dev", "--ledger", `file:${folder}`];
  expect(tap(args).stdout).toMatch(/^dev was last good at ffffffffffff, since 2027-01-15.*Nobody has its lease/);
  expect(JSON.parse(tap([...args, "--json"]).stdout)).toMatchObject({
    environment: "dev",
    good,
    runs: [run],
    goods: [good],
  });
  expect(tap([...args, "--run", "run1"]).stdout).toMatch(/^Run run1: promote f+ in dev, by anna/);
});

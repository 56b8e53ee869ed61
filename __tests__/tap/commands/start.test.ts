import { rmSync } from "node:fs";
import { join } from "node:path";
import { copyProject, projectRoot, tap, temporaryFolder } from "../../support/project";

jest.setTimeout(300_000);

const outdir = temporaryFolder();
const variables = { ENVIRONMENT: "dev", CDKTF_OUTDIR: outdir };
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

/** What is synthesized for all tests: all of dev, staging and prod, and a short-lived environment. */
const synthesized = ["declared", "pr12"].map((name) => join(projectRoot, ".cache", "test-synth", name));

test.each(synthesized)("nothing is found in what this project synthesizes: %s", (folder) => {
  const { exitCode, stdout } = tap(["audit", folder, "--json"]);
  const { findings, rules, notes } = JSON.parse(stdout);
  expect(findings).toEqual([]);
  // Requirements and rights of functions are among what was judged.
  const ids = (rules as { id: string }[]).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining(["PLAT-04", "least-privilege", "s3-bucket-versioning"]));
  expect(notes).toEqual([]);
  expect(exitCode).toBe(0);
});

describe("npm start", () => {
  test("ends with the verdict, and with what to do next", () => {
    const { exitCode, stdout } = tap(["start"], { variables });
    const [, verdict = ""] = stdout.split(/^Written to .*$/m);
    expect(verdict.trim().split("\n")).toEqual([
      expect.stringMatching(
        /^✓ Audit {12}0 findings, 1 acknowledged \(until \d{4}-\d\d-\d\d\): \d{3} rules on 14 stacks, [\d,]+ resources, in /,
      ),
      "✓ Least privilege  22 functions may do all that their code calls, and nothing else",
      "- Parity           not judged: it takes two declared environments",
      "",
      "Next:",
      expect.stringContaining("npm start -- --local"),
      expect.stringContaining("npx cdktf diff tap-network-dev-us-east-1"),
      expect.any(String),
      expect.any(String),
    ]);
    expect(exitCode).toBe(0);
  });

  test("--json is one document", () => {
    const { exitCode, stdout } = tap(["start", "--json"], { variables });
    expect(JSON.parse(stdout)).toMatchObject({
      holds: true,
      synthesis: { outdir, stacks: 14 },
      audit: { findings: [] },
    });
    expect(exitCode).toBe(0);
  });

  test("tells of findings, and of a right that no code uses", () => {
    const copy = copyProject();
    copy.replace("stacks/records.ts", '["dynamodb:GetItem"', '["dynamodb:GetItem", "dynamodb:Scan"');
    copy.replace("audit.json", "GET /health", "GET /elsewhere");
    const { exitCode, stdout, stderr } = tap(["start"], { root: copy.root, variables: { ENVIRONMENT: "dev" } });
    copy.remove();
    expect(stdout).toMatch(/^least-privilege {2}/m);
    expect(stdout).toMatch(/^✗ Audit {12}\d+ findings \(/m);
    expect(stdout).toMatch(/^✗ Least privilege {2}1 rights? too many or too few$/m);
    expect(stdout).not.toContain("Next:");
    expect(stderr).toContain("What was synthesized isn't right yet");
    expect(exitCode).toBe(1);
  });
});

import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buildSync } from "esbuild";
import { checkTerraform, errorsOf, shortErrors, terraformLogged } from "../../../tap/terraform";
import { isTooOld } from "../../../tap/terraform/version";
import { errorLine, fakeTerraform } from "../../support/fake-terraform";
import { projectRoot, temporaryFolder } from "../../support/project";
import { testContext } from "../../support/three-stacks";

describe("the Terraform that runs", () => {
  test.each([
    ["Terraform v1.11.4", { product: "Terraform", version: "1.11.4" }],
    ["OpenTofu v1.10.0", { product: "OpenTofu", version: "1.10.0" }],
    ["Terraform v1.10.0-rc1", { product: "Terraform", version: "1.10.0-rc1" }],
  ])("%s will do", async (line, expected) => {
    expect(await checkTerraform(testContext(fakeTerraform("", line)))).toEqual(expected);
  });

  test("what is wrong with it is told together: too old, and made to do something else", async () => {
    const context = testContext({ ...fakeTerraform("", "Terraform v1.9.8"), TF_CLI_ARGS_plan: "-target=a.b" });
    const error = await checkTerraform(context).catch((thrown: Error) => thrown.message);
    expect(error).toContain("Terraform 1.9.8");
    expect(error).toContain("1.10 or newer is needed");
    expect(error).toContain('TF_CLI_ARGS_plan is "-target=a.b"');
  });

  test("one that isn't there, and one that is none", async () => {
    await expect(checkTerraform(testContext({ TERRAFORM_BINARY_NAME: "terrafrom" }))).rejects.toThrow(
      '"terrafrom" is not on PATH',
    );
    await expect(checkTerraform(testContext(fakeTerraform("", "Pulumi v3")))).rejects.toThrow(
      "neither Terraform nor OpenTofu",
    );
  });

  test.each([
    ["0.15.5", true],
    ["1.9.0", true],
    ["1.10.0", false],
    ["2.0.0", false],
  ])("whether %s is too old: %s", (version, expected) => expect(isTooOld(version)).toBe(expected));
});

describe("a run with its output in a file", () => {
  /** Counts the SIGINTs that it gets. It takes its time after the first one, and much more time without any. */
  const patient = `count=0; trap 'count=$((count+1)); echo interrupted $count' INT; echo begun
for i in $(seq 300); do [ $count -gt 0 ] && break; sleep 0.1; done
for i in $(seq 10); do sleep 0.1; done; echo ended`;
  const run = (script: string, signal?: AbortSignal, onLine?: (line: string) => void) => {
    const folder = temporaryFolder();
    return terraformLogged(testContext(fakeTerraform(script)), folder, ["plan"], {
      log: join(folder, "plan.log"),
      signal,
      ...(onLine === undefined ? {} : { onLine }),
    });
  };

  test("PLAT-10 an interruption is passed on once, and what Terraform does then is waited for", async () => {
    const controller = new AbortController();
    const lines: string[] = [];
    const { text } = await run(patient, controller.signal, (line) => {
      lines.push(line);
      if (line === "begun") controller.abort();
    });
    expect(text).toContain("interrupted 1");
    expect(text).not.toContain("interrupted 2");
    expect(text.trim().endsWith("ended")).toBe(true);
    expect(lines).toEqual(text.trim().split("\n"));
  });

  test("PLAT-08 whoever takes over removes what was there: the log that Terraform writes to is read to its end", async () => {
    const lines: string[] = [];
    const folder = temporaryFolder();
    const log = join(folder, "plan.log");
    const script = "echo begun; while [ -e plan.log ]; do sleep 0.05; done; sleep 0.3; echo ended";
    const { exitCode, text } = await terraformLogged(testContext(fakeTerraform(script)), folder, ["apply"], {
      log,
      onLine: (line) => {
        lines.push(line);
        rmSync(log, { force: true });
      },
    });
    expect([exitCode, text, lines]).toEqual([0, "begun\nended\n", ["begun", "ended"]]);
  });

  test("after an interruption nothing is begun", async () => {
    const { exitCode, text } = await run("echo begun", AbortSignal.abort());
    expect([exitCode, text]).toEqual([130, ""]);
  });

  test("letters that are cut in two between two looks at the file come out whole", async () => {
    const lines: string[] = [];
    await run("printf '\\xc3'; sleep 0.3; printf '\\xa4\\n'", undefined, (line) => lines.push(line));
    expect(lines).toEqual(["ä"]);
  });

  test("PLAT-10 where this process is killed, Terraform goes on to its end", async () => {
    const folder = temporaryFolder();
    const { TERRAFORM_BINARY_NAME: fake } = fakeTerraform(
      'touch begun; for i in $(seq 1200); do [ -e killed ] && break; sleep 0.05; done; sleep 0.2; echo "still writing"; touch ended',
    );
    const parent = join(folder, "parent.cjs");
    buildSync({
      stdin: {
        contents: `import { terraformLogged } from "./tap/terraform/logged";
          const variables = { ...process.env, TERRAFORM_BINARY_NAME: ${JSON.stringify(fake)} };
          terraformLogged({ variables } as any, ".", ["apply"], { log: "plan.log", onLine() {} });`,
        loader: "ts",
        resolveDir: projectRoot,
      },
      bundle: true,
      platform: "node",
      outfile: parent,
    });
    const child = spawn(process.execPath, [parent], { cwd: folder, stdio: "ignore" });
    const isGone = new Promise((resolve) => child.once("exit", resolve));
    const untilThere = async (name: string) => {
      for (let left = 600; left > 0 && !existsSync(join(folder, name)); left -= 1) await pause(100);
    };
    await untilThere("begun");
    child.kill("SIGKILL");
    await isGone;
    writeFileSync(join(folder, "killed"), "");
    await untilThere("ended");
    expect(existsSync(join(folder, "ended"))).toBe(true);
    expect(readFileSync(join(folder, "plan.log"), "utf8")).toContain("still writing");
  });
});

describe("Terraform's errors", () => {
  test("of -json lines, each with its address", () => {
    const text = ["no JSON", errorLine("no such thing", "look\n  there", "aws_sqs_queue.Queue"), "{broken"].join("\n");
    expect(shortErrors(errorsOf(text))).toBe("aws_sqs_queue.Queue: no such thing\n  look there");
  });

  test("of plain text with its box, as init draws it", () => {
    const text = "Initializing...\n╷\n│ Error: Failed to get existing workspaces\n│ \n│ no bucket\n╵\n";
    expect(errorsOf(text)).toMatchObject([{ summary: "Failed to get existing workspaces", detail: "no bucket" }]);
  });

  test("many are counted, long ones cut, and always in the same order", () => {
    const errors = Array.from({ length: 7 }, (_, index) => ({
      severity: "error",
      summary: `error ${6 - index}`,
      detail: "x".repeat(9_000),
    }));
    const text = shortErrors(errors);
    expect(text.length).toBeLessThan(3_000);
    expect(text.startsWith("error 0")).toBe(true);
    expect(text).toContain("4 more errors");
  });
});

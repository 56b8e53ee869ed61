import { spawn } from "node:child_process";
import { join } from "node:path";
import { cleanVariables, projectRoot, tap } from "../support/project";

test("a reader that has seen enough, as head has, is no failure", async () => {
  const child = spawn(process.execPath, [join(projectRoot, "bin", "tap.mjs"), "list", "--json"], {
    cwd: projectRoot,
    env: cleanVariables(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.destroy();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const exitCode = await new Promise((resolve) => child.on("close", resolve));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
});

describe("a value that an option can't have is a wrong call: exit code 2, and nothing but the message", () => {
  test.each<[string[], string[]]>([
    [
      ["plan", "--env", "dev", "--shard", "3/2", "--parallelism", "0"],
      ["--shard takes the part", "--parallelism takes a whole number of stacks"],
    ],
    [
      ["promote", "--to", "dev", "--lease-seconds", "1", "--alarm-window", "soon"],
      ["--lease-seconds takes a whole number from 3 to 3600", "--alarm-window takes a whole number"],
    ],
    [
      ["rollback", "--env", "dev", "--approve", "yes"],
      ["--approve takes the 64 hex digits", "--approve needs"],
    ],
    [["promote", "--to", "dev", "--approver", "anna"], ["--approver goes with --approve <hash>"]],
    [["history", "--env", "dev", "--limit", "0"], ["--limit takes a whole number from 1 to 1000"]],
    [["release", "gc", "--store", "releases", "--keep", "0"], ["--keep takes a whole number from 1"]],
    [["review", "-", "-"], ["standard input (-) can be read once"]],
    [["redrive", "--env", "dev", "--limit", "few"], ["--limit takes a whole number from 1"]],
    [["local", "up", "--port", "-"], ["--port takes a port, from 1 to 65535"]],
    [["local", "logs", "api-items", "--since", "today"], ["--since takes minutes"]],
    [["local", "coverage", "--fail-under", "101"], ["--fail-under takes a percentage, from 0 to 100"]],
  ])("%j", (args, messages) => {
    const { exitCode, stdout, stderr } = tap(args);
    const lines = stderr.trimEnd().split("\n");
    expect({ exitCode, stdout, lines }).toEqual({
      exitCode: 2,
      stdout: "",
      lines: [...messages.map((message) => expect.stringContaining(message)), "(tap <command> --help shows how)"],
    });
  });
});

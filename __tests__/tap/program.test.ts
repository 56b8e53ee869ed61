import { spawn } from "node:child_process";
import { join } from "node:path";
import { cleanVariables, projectRoot } from "../support/project";

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

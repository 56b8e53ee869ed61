import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { emulatorMissing } from "../../support/emulator-missing";
import { projectRoot } from "../../support/project";
import { loudlySkipped } from "../../support/skipped";

const missing = emulatorMissing();
const describeWithEmulator = missing ? loudlySkipped(missing) : describe;

/*
 * A machine under load is one on which the thread that reads a function's log is slow: here it takes 20 ms for a line.
 * The process writes as MiniStack's do: its log to one pipe, then its answer to the other.
 */
const program = `
import queue, subprocess, sys, time
import emulator
from ministack.core import lambda_runtime

class SlowQueue(queue.Queue):
    def put(self, line):
        time.sleep(0.02)
        super().put(line)

written = "import sys\\nfor n in range(%d): print('line', n, file=sys.stderr)\\nprint('answer', flush=True)\\nsys.stdin.read()"
worker = lambda_runtime.Worker("name", {}, b"")
worker._stderr_queue = SlowQueue()
with subprocess.Popen([sys.executable, "-c", written % int(sys.argv[1])], text=True, **{
    name: subprocess.PIPE for name in ("stdin", "stdout", "stderr")
}) as worker._proc:
    worker._stderr_thread = lambda_runtime.threading.Thread(target=worker._read_stderr, daemon=True)
    worker._stderr_thread.start()
    worker._proc.stdout.readline()
    print(worker._drain_stderr_bounded())
    worker._proc.stdin.close()
`;

function toldWithTheAnswer(written: number): string[] {
  const install = [join(projectRoot, "bin", "python-environment.mjs"), "local/python", "tap/local/requirements.txt"];
  const installed = spawnSync(process.execPath, install, { cwd: projectRoot, encoding: "utf8" });
  if (installed.status !== 0) throw new Error(installed.stderr);
  const { status, stdout, stderr } = spawnSync(
    join(installed.stdout.trim(), "python"),
    ["-c", program, String(written)],
    {
      cwd: projectRoot,
      encoding: "utf8",
      env: { ...process.env, PYTHONPATH: join(projectRoot, "tap", "local"), PYTHONDONTWRITEBYTECODE: "1" },
    },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.split("\n").filter((line) => line !== "");
}

describeWithEmulator("an invocation's log", () => {
  test.each([0, 1, 10])("of %d lines is told whole, however slowly it is read", (written) => {
    expect(toldWithTheAnswer(written)).toEqual(Array.from({ length: written }, (_, n) => `line ${n}`));
  });
});

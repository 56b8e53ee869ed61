import { spawnSync } from "node:child_process";

/** Why there can be no emulator here, or undefined. */
export function emulatorMissing(): string | undefined {
  const { status, stdout } = spawnSync("python3", ["-c", "import sys; print(sys.version_info >= (3, 10))"], {
    encoding: "utf8",
  });
  return status === 0 && stdout.trim() === "True"
    ? undefined
    : "Python 3.10 or newer is not on PATH as python3: the AWS emulator needs it";
}

import { createHash, randomUUID } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { run } from "./emulator";

interface RuntimeOptions {
  readonly projectRoot: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  say(text: string): void;
}

/**
 * The folder of the Node.js that functions run on: that of their runtime, nodejs24.x, where there is a package of it
 * for this platform; undefined for the one that this command runs on.
 */
export async function functionRuntime({ projectRoot, variables, say }: RuntimeOptions): Promise<string | undefined> {
  const platform = `${process.platform}-${process.arch}`;
  const declared = join(projectRoot, "tap", "local", "node");
  const { optionalDependencies } = JSON.parse(readFileSync(join(declared, "package.json"), "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  const name = `node-${platform}`;
  if (!(name in optionalDependencies)) {
    say(`Functions run on this machine's Node.js ${process.version}: there is no package of their own for ${platform}`);
    return undefined;
  }
  const wanted = readFileSync(join(declared, "package-lock.json"));
  const digest = createHash("sha256").update(wanted).digest("hex").slice(0, 16);
  const folder = join(projectRoot, ".cache", "local", "node", digest);
  const bin = join(folder, "node_modules", name, "bin");
  if (existsSync(folder)) return bin;
  say(`Installing Node.js ${optionalDependencies[name]} for functions, once`);
  // It gets its name when it is whole; of several that install at once, the first gives it that.
  const own = `${folder}.${process.pid}-${randomUUID()}`;
  mkdirSync(own, { recursive: true });
  try {
    for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(declared, file), join(own, file));
    await run("npm", ["ci", "--include=optional", "--ignore-scripts"], own, variables);
    if (!existsSync(folder)) renameSync(own, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  return bin;
}

import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
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
  const folder = join(projectRoot, ".cache", "local", "node");
  const bin = join(folder, "node_modules", name, "bin");
  const installed = join(folder, "installed");
  const wanted = readFileSync(join(declared, "package-lock.json"), "utf8");
  if (existsSync(installed) && readFileSync(installed, "utf8") === wanted && existsSync(join(bin, "node"))) return bin;
  say(`Installing Node.js ${optionalDependencies[name]} for functions, once`);
  mkdirSync(folder, { recursive: true });
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(declared, file), join(folder, file));
  await run("npm", ["ci", "--include=optional", "--ignore-scripts"], folder, variables);
  copyFileSync(join(declared, "package-lock.json"), installed);
  return bin;
}

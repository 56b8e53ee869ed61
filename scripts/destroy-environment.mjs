#!/usr/bin/env node
/*
 * Destroys an environment that a pull request was tried out in, from what `tap synth --env pr12` wrote:
 *
 *   node scripts/destroy-environment.mjs pr12
 *
 * Stack by stack, what needs others first; a stack without a state is passed over, so that it may be run again.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const [suffix = "", folder = "cdktf.out"] = process.argv.slice(2);
try {
  destroyAll();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function destroyAll() {
  if (!/^pr\d{1,10}$/.test(suffix))
    throw new Error(
      `Only environments of pull requests are destroyed so: pr and a number (given ${JSON.stringify(suffix)})`,
    );
  const stacks = inOrder();
  if (stacks.length === 0) throw new Error(`${folder} has no stack of ${suffix}: run tap synth --env ${suffix}`);
  const destroyed = stacks.filter((stack) => destroy(stack));
  console.log(
    destroyed.length === 0
      ? `${suffix} isn't there: none of its ${stacks.length} stacks has a state.`
      : `Destroyed ${destroyed.length} of ${stacks.length} stacks of ${suffix}: ${destroyed.join(", ")}`,
  );
}

/** What runs in a network goes before it, and where alarms and logs go last of all; other regions take the first one's API keys over. */
function inOrder() {
  const pattern = new RegExp(`^tap-([a-z]+)-${suffix}-([a-z0-9-]+)$`);
  const found = existsSync(join(folder, "stacks")) ? readdirSync(join(folder, "stacks")) : [];
  const primary = found.flatMap((name) => /^tap-delivery-pr\d+-(.*)$/.exec(name)?.[1] ?? [])[0];
  const rank = (name) => {
    const [, component, region] = pattern.exec(name);
    const order = ["network", "security"].indexOf(component) + 1;
    return order * 2 + (region === primary ? 1 : 0);
  };
  return found.filter((name) => pattern.test(name)).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b, "en"));
}

/** @returns whether there was anything */
function destroy(stack) {
  const cwd = join(folder, "stacks", stack);
  run(cwd, ["init", "-input=false", "-no-color"], `${stack}: init`);
  const { status, stdout, stderr } = spawnSync("terraform", ["state", "list"], { cwd, encoding: "utf8" });
  if (status !== 0 && !/No state file was found/.test(stderr)) throw new Error(`${stack}: ${stderr.trim()}`);
  if (stdout.trim() === "") return false;
  run(cwd, ["destroy", "-auto-approve", "-input=false", "-no-color", "-lock-timeout=10m"], `${stack}: destroy`);
  return true;
}

function run(cwd, args, what) {
  const { status, error } = spawnSync("terraform", args, { cwd, stdio: "inherit" });
  if (error) throw new Error(`terraform can't be run: ${error.message}`);
  if (status !== 0)
    throw new Error(`${what} ended with exit code ${status}: mend what it says, and run the same again`);
}

import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What every judged stack gets, and Checkov must refuse: a judge that didn't read a file refuses nothing. */
export const probe = { address: "aws_ebs_volume.CheckovProbe", check: "CKV_AWS_3" };

/** Where the addresses of a written stack stand: what Checkov's JSON reader names is a line. */
const keyLine = /^( {2,6})"([^"]+)": [{[]/;

/** The stacks of a synthesized folder, by id. */
export function stacksIn(folder) {
  return readdirSync(join(folder, "stacks")).sort();
}

/**
 * Copies a stack as Checkov can read it, and returns the addresses of its resources.
 *
 * Checkov 3.3 gives up a whole file, and exits with 0, where `terraform` has an argument that is no block, as
 * `required_version`: it is left out. Nothing that Checkov judges stands there; the backend stays.
 */
export function prepareStack(source, target) {
  const stack = JSON.parse(readFileSync(join(source, "cdk.tf.json"), "utf8"));
  const addresses = Object.entries(stack.resource ?? {}).flatMap(([type, resources]) =>
    Object.keys(resources).map((name) => `${type}.${name}`),
  );
  delete stack.terraform?.required_version;
  const [type, name] = probe.address.split(".");
  stack.resource = {
    ...stack.resource,
    [type]: { [name]: { availability_zone: "us-east-1a", size: 1, encrypted: false } },
  };
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, "cdk.tf.json"), JSON.stringify(stack, null, 2));
  return addresses;
}

/** What Terraform needs of a stack beside its JSON: the code that is zipped. */
export function copyAssets(source, target) {
  const others = readdirSync(source).filter((name) => name !== "cdk.tf.json");
  for (const name of others) cpSync(join(source, name), join(target, name), { recursive: true });
}

/** The addresses of a stack that prepareStack wrote, by the line on which each begins. */
export function addressesByLine(target) {
  const lines = new Map();
  const path = [];
  for (const [index, line] of readFileSync(join(target, "cdk.tf.json"), "utf8").split("\n").entries()) {
    const match = keyLine.exec(line);
    if (!match) continue;
    const depth = match[1].length / 2;
    path[depth] = match[2];
    if (depth === 3 && path[1] === "resource") lines.set(index + 1, `${path[2]}.${path[3]}`);
  }
  return lines;
}

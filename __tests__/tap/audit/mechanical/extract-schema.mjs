// Writes schema.json: what `terraform validate` asks of the types that this project uses, from the provider's schema and
// the checks that stand beside it. Used: node __tests__/tap/audit/mechanical/extract-schema.mjs <folder with aws.json.gz>
// <synthesized folder> [file]

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const [data, synthesized, file = join(import.meta.dirname, "schema.json")] = process.argv.slice(2);
const schemas = JSON.parse(gunzipSync(readFileSync(join(data, "aws.json.gz"))).toString()).provider_schemas.aws
  .resource_schemas;
const semantics = JSON.parse(readFileSync(join(data, "semantics.json"), "utf8"));
const behaviour = JSON.parse(readFileSync(join(data, "behaviour.json"), "utf8"));
const stacks = join(synthesized, "stacks");
const at = (parent, name) => (parent === "" ? name : `${parent}.${name}`);

/** Paths that are there, by type. */
const used = new Map();
for (const id of readdirSync(stacks)) {
  const { resource = {} } = JSON.parse(readFileSync(join(stacks, id, "cdk.tf.json"), "utf8"));
  for (const [type, instances] of Object.entries(resource)) {
    const paths = used.get(type) ?? new Set();
    used.set(type, paths);
    for (const attributes of Object.values(instances)) addPaths(attributes, "", paths);
  }
}

function addPaths(value, path, paths) {
  if (path !== "") paths.add(path);
  if (Array.isArray(value)) for (const item of value) addPaths(item, path, paths);
  else if (typeof value === "object" && value !== null)
    for (const [name, item] of Object.entries(value)) addPaths(item, at(path, name), paths);
}

/** Paths without indices: `rule.id`. */
function required({ attributes = {}, block_types = {} }, parent = "") {
  return [
    ...Object.entries(attributes).flatMap(([name, each]) => (each.required ? [at(parent, name)] : [])),
    ...Object.entries(block_types).flatMap(([name, { min_items, block }]) => [
      ...(min_items > 0 ? [at(parent, name)] : []),
      ...required(block, at(parent, name)),
    ]),
  ];
}

function switches(type, { attributes }) {
  const defaults = behaviour[type]?.defaults ?? {};
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([, { type: of, optional }]) => of === "bool" && optional)
      .map(([name]) => [name, defaults[name] ?? null]),
  );
}

const wanted = ["enum", "enum_number", "pattern", "not_pattern", "range", "length", "arn", "cidr", "json"];
const extract = [...used.keys()]
  .filter((type) => type in schemas)
  .sort()
  .map((type) => {
    const { block } = schemas[type];
    const rows = semantics[type] ?? [];
    return [
      type,
      {
        required: required(block).filter((path) => used.get(type).has(path)),
        switches: switches(type, block),
        values: rows
          .filter((row) => wanted.some((name) => name in row) && used.get(type).has(row.path))
          .map(({ message: _, ...row }) => row),
        oneOf: rows
          .flatMap(({ exactly_one_of, at_least_one_of }) => [exactly_one_of ?? at_least_one_of ?? []])
          .filter(({ length }) => length > 0),
        requires: rows.filter(({ requires }) => requires),
      },
    ];
  });
writeFileSync(file, `${JSON.stringify(Object.fromEntries(extract), null, 2)}\n`);

import { didYouMean } from "../../config/errors";
import { CommandError } from "../context";
import type { LocalState, MadeResource } from "./state";

/** Something that was made, by the names that it is called by. */
export interface Target {
  readonly resource: MadeResource;
  /** Its name in AWS: tap-records-write-dev-us-east-1 */
  readonly name: string;
  /** As people call it: records/write; the component alone for the thing that is named after it. */
  readonly shortName: string;
}

/** Which argument of a type is the name in AWS. */
const nameArguments: Readonly<Record<string, string>> = {
  aws_kinesis_stream: "name",
  aws_lambda_function: "function_name",
  aws_s3_bucket: "bucket",
  aws_sns_topic: "name",
  aws_sqs_queue: "name",
};

/** All that was made of some types. */
export function targetsOf(state: LocalState, types: readonly string[]): Target[] {
  const { environment, accountId } = state;
  return Object.values(state.resources)
    .filter(({ type }) => types.includes(type))
    .map((resource) => {
      const name = String(resource.values[nameArguments[resource.type] ?? "name"]);
      const tail = `-${environment}-${resource.region}`;
      const head = name.replace(new RegExp(`-${accountId}$`), "");
      const shortName = head.endsWith(tail) ? head.slice(0, -tail.length).replace(/^tap-/, "").replace("-", "/") : name;
      return { resource, name, shortName };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * The one that a name means: its own, or the short one, in the primary region where none is named.
 * @param what what is looked for, for the message: "function"
 */
export function findTarget(
  state: LocalState,
  name: string,
  types: readonly string[],
  what: string,
  region: string | undefined,
): Target {
  const all = targetsOf(state, types);
  const named = all.filter((target) => target.name === name || target.shortName === name);
  const inRegion = named.filter(({ resource }) => resource.region === (region ?? state.primaryRegion));
  const [only, ...others] = inRegion.length > 0 ? inRegion : region === undefined ? named : [];
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined)
    throw new CommandError(
      `${name} means ${[only, ...others].map((each) => each.name).join(" and ")}: name one of them`,
    );
  const names = [...new Set(all.map(({ shortName }) => shortName))];
  throw new CommandError(
    `${name} is no ${what} of ${state.environment}${region === undefined ? "" : ` in ${region}`}${didYouMean(name, names)}; there are ${names.join(", ")}`,
  );
}

import { type Command, Option } from "commander";
import type { Context } from "../context";
import { addEnvironment } from "../selection";
import { addCreate } from "./release-create";
import { addCopy, addGc, addVerify } from "./release-keep";
import { addDiff, addList, addShow } from "./release-look";

export function addRelease(program: Command, context: Context): void {
  const release = program
    .command("release")
    .summary("immutable releases of all environments: make, verify, compare, copy, collect")
    .description(
      "A release is what was synthesized for all environments, with the hash of everything in it and of every function's zip. Its id is the hash of that: the same source has the same id wherever it is released. It is verified whenever it is used.",
    )
    .addHelpText(
      "after",
      `
Examples:
  tap release create --store releases              into a folder of this machine
  tap release create --env dev                     into dev's bucket, from a clean working tree
  tap release list --env dev
  tap release verify 3f2a                          an id's beginning will do
  tap release diff 3f2a 91c0
  tap release copy 3f2a --from-env dev --to-env staging --from-profile tap-staging-reads-dev --to-profile tap-staging

What is in a release, and what to do when one is broken: docs/operations/releases.md`,
    );
  addCreate(release, context);
  addVerify(release, context);
  addList(release, context);
  addShow(release, context);
  addDiff(release, context);
  addCopy(release, context);
  addGc(release, context);
}

/** `--store`, `--env` and `--profile`: which store is meant. */
export function addStore(command: Command): Command {
  return addEnvironment(command)
    .addOption(
      new Option(
        "--store <location>",
        "a folder, s3://bucket or s3://bucket/prefix (default: the bucket of --env's delivery stack, TAP_RELEASE_STORE, else the first environment's bucket)",
      ),
    )
    .addOption(new Option("--profile <name>", "profile of ~/.aws/config under which the bucket is called"));
}

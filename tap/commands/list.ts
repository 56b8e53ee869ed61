import type { Command } from "commander";
import { stateLocation } from "../../config/backend";
import { planStacks } from "../../main";
import { type Context, loadConfiguration } from "../context";
import { addSelection, idOf, type SelectionOptions, selectStacks } from "../selection";
import { columns } from "../text";

interface ListOptions extends SelectionOptions {
  json?: boolean;
}

export function addList(program: Command, context: Context): void {
  addSelection(program.command("list").summary("list the stacks and where their state is"))
    .description("Lists the stacks that `tap synth` would write, without writing any, and where the state of each is.")
    .option("--json", "print the list as JSON")
    .addHelpText(
      "after",
      `
Examples:
  tap list
  tap list --env prod --stack network
  tap list --json | jq -r '.[].id'`,
    )
    .action((options: ListOptions) => list(context, options));
}

function list(context: Context, options: ListOptions): void {
  const { environments } = loadConfiguration(context, options);
  const stacks = selectStacks(planStacks(environments), options.stack).map((planned) => {
    const id = idOf(planned);
    const { component, environment, region } = planned;
    const { environmentSuffix, accountId } = environment;
    return { id, component, environmentSuffix, accountId, region, state: stateLocation(environment, id) };
  });
  if (options.json) context.print(JSON.stringify(stacks, null, 2));
  else context.print(columns(stacks.map(({ id, state }) => [id, `s3://${state.bucket}/${state.key}`] as const)));
}

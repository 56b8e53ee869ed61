import { ArnIndex } from "./arn-index";
import { type Indices, ReferenceCollector } from "./collect-references";
import { type Block, type Configuration, configurationOf, type StackSource } from "./configuration";
import { accountOf, Evaluator } from "./evaluator";
import { FinishedGraph } from "./finished-graph";
import type { Graph, GraphNode, GraphStack } from "./model";
import { NameIndex, placeOf } from "./name-index";
import { StackScope } from "./stack-scope";
import type { Attributes } from "./terraform-json";

type Draft = { -readonly [Key in keyof GraphNode]: GraphNode[Key] };

interface Placed {
  readonly node: Draft;
  readonly block: Block;
  readonly scope: StackScope;
}

/**
 * The graph of these stacks. Nothing is read from elsewhere and nothing that is given is changed, nor may it be by
 * others: what was found out about a resource is kept for the next graph with the same one in it. Rules are proven on
 * changed copies of the JSON.
 *
 * @throws RangeError where two stacks have the same id
 */
export function buildGraph(sources: readonly StackSource[]): Graph {
  const names = new NameIndex();
  const scopes = new Map<string, StackScope>();
  let allNamesAreKnown = false;
  const evaluator = new Evaluator((reader) => {
    // Before that, what is found would depend on the order of stacks.
    if (!allNamesAreKnown) return undefined;
    const { type, physicalName } = reader;
    const [node] = physicalName === undefined ? [] : names.named(type, physicalName, placeOf(reader));
    const scope = node && scopes.get(node.stack.id);
    return node && scope && { node, scope };
  });
  const placed: Placed[] = [];
  for (const configuration of sources.map(configurationOf)) {
    if (scopes.has(configuration.id)) throw new RangeError(`There are two stacks ${configuration.id}`);
    const scope = scopeOf(configuration, evaluator);
    scopes.set(configuration.id, scope);
    placed.push(...nodesOf(configuration, scope, evaluator));
  }
  const indices: Indices = { arns: new ArnIndex(), names, evaluator };
  for (const { node, scope } of placed) identify(node, scope, indices);
  allNamesAreKnown = true;
  evaluator.forget();
  const found = placed.map(({ node, block, scope }) => new ReferenceCollector(node, block, scope, indices).collect());
  return new FinishedGraph({
    scopes,
    indices,
    nodes: placed.map(({ node }) => node),
    references: found.map(({ references }) => references),
    unresolved: found.flatMap(({ unresolved }) => unresolved),
  });
}

function scopeOf(configuration: Configuration, evaluator: Evaluator): StackScope {
  const { id, component, environmentSuffix, outputs, declared } = configuration;
  const stack: { -readonly [Key in keyof GraphStack]: GraphStack[Key] } = {
    id,
    outputs,
    ...(component === undefined ? {} : { component }),
    ...(environmentSuffix === undefined ? {} : { environmentSuffix }),
    ...(declared === undefined ? {} : { declared }),
  };
  const scope = new StackScope(configuration, stack);
  const provider = configuration.providers.get("aws") ?? {};
  Object.assign(stack, settingsOf(provider, scope, evaluator));
  return scope;
}

/** Where a provider works, as far as its settings say. */
function settingsOf(
  provider: Attributes,
  scope: StackScope,
  evaluator: Evaluator,
): { accountId?: string; region?: string } {
  const text = (value: unknown) => evaluator.text(value, scope);
  const accountId = accountOf(provider, text);
  const region = text(provider.region) ?? scope.configuration.region;
  return { ...(accountId === undefined ? {} : { accountId }), ...(region === undefined ? {} : { region }) };
}

function nodesOf(configuration: Configuration, scope: StackScope, evaluator: Evaluator): Placed[] {
  const settings = new Map(
    [...configuration.providers].map(([name, provider]) => [name, settingsOf(provider, scope, evaluator)]),
  );
  return configuration.blocks.map((block) => {
    const { mode, type, name, address, attributes, arn } = block;
    const own = evaluator.text(attributes.region, scope);
    const provider = settings.get(block.provider) ?? (block.provider === "aws" ? regionOf(configuration) : {});
    const node: Draft = {
      id: `${configuration.id}/${address}`,
      stack: scope.stack,
      mode,
      type,
      name,
      address,
      attributes,
      ...provider,
      ...(own === undefined ? {} : { region: own }),
      ...(arn === undefined ? {} : { arn }),
    };
    scope.add(node, block);
    return { node, block, scope };
  });
}

function regionOf({ region }: Configuration): { region?: string } {
  return region === undefined ? {} : { region };
}

function identify(node: Draft, scope: StackScope, { arns, names, evaluator }: Indices): void {
  const physicalName = evaluator.name(node, scope);
  const arn = evaluator.arn(node, scope);
  if (physicalName !== undefined) node.physicalName = physicalName;
  if (arn !== undefined) node.arn = arn;
  arns.add(node);
  names.add(node);
}

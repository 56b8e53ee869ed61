import type { Graph, GraphNode } from "../../graph/model";
import type { Statement } from "../../graph/policy";
import { coversAction } from "../../graph/statement";
import { blocksOf, isObject } from "../../graph/terraform-json";
import {
  expectThat,
  type Finding,
  judgeEach,
  judgeNodes,
  nodesIn,
  type Requirement,
  type Subject,
  sameJson,
} from "../requirement";
import type { StackJson } from "../stack-json";

/** The one call that the functions read their settings with: all of them at once. */
const readAction = "ssm:GetParameters";

export const plat18: Requirement = {
  id: "PLAT-18",
  checks:
    "Settings that change at run time are plain parameters under /tap/{environment}/{component}/config/, whose values Terraform leaves alone; a function that is told that path may read some of these, and nothing else in Parameter Store; each is read by one. The jobs have some.",
  why: "An apply that sets a setting back undoes what an operator did in the middle of an incident; a function that can't read its settings runs on its defaults.",
  judge: (subject) => [
    ...judgeEach(subject, "jobs", (stack) => hasSettings(subject.graph, stack)),
    ...judgeEach(subject, "all", (stack) => settings(subject.graph, stack)),
    ...judgeEach(subject, "all", (stack) => readers(subject.graph, stack)),
    ...strangers(subject),
  ],
};

function hasSettings(graph: Graph, stack: StackJson): Finding[] {
  return expectThat(
    settingsOf(graph, stack).length > 0 && readersOf(graph, stack).length > 0,
    stack,
    "must have a setting that changes at run time, and a function that reads it",
  );
}

/** Every parameter that isn't an output (PLAT-17) is a setting. */
function settingsOf(graph: Graph, stack: StackJson): GraphNode[] {
  return nodesIn(graph, stack, "aws_ssm_parameter").filter(({ name }) => !name.startsWith("output_"));
}

function pathOf({ environmentSuffix, component }: StackJson): string {
  return `/tap/${environmentSuffix}/${component}/config/`;
}

function settings(graph: Graph, stack: StackJson): Finding[] {
  const readers = readersOf(graph, stack);
  return settingsOf(graph, stack).flatMap(({ attributes, address, arn }) => {
    const { name, type, insecure_value, value, value_wo, overwrite, lifecycle } = attributes;
    const path = pathOf(stack);
    const last = String(name).slice(path.length);
    const about = (holds: boolean, message: string) => expectThat(holds, stack, message, address);
    return [
      ...about(
        String(name).startsWith(path) && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(last),
        `must be named ${path}…, in lower-case words joined by hyphens`,
      ),
      ...about(type === "String" && isText(insecure_value), "must be a plain text, which plans and people can read"),
      ...about(value === undefined && value_wo === undefined, "has its value in an attribute that isn't left alone"),
      ...about(overwrite === undefined || overwrite === false, "overwrites what is there"),
      ...about(
        sameJson(lifecycle, { ignore_changes: ["insecure_value"] }),
        "must be left alone by the next apply: ignore_changes of its value, and of nothing else",
      ),
      ...about(
        readers.some((lambda) => namedTo(graph, lambda).includes(String(arn))),
        "is read by no function: none has CONFIG_PATH and may read it",
      ),
    ];
  });
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && !value.includes("${");
}

function readersOf(graph: Graph, stack: StackJson): GraphNode[] {
  return nodesIn(graph, stack, "aws_lambda_function").filter((lambda) => configPathOf(lambda) !== undefined);
}

function configPathOf({ attributes }: GraphNode): unknown {
  const [environment] = blocksOf(attributes, "environment");
  return isObject(environment?.variables) ? environment.variables.CONFIG_PATH : undefined;
}

function readers(graph: Graph, stack: StackJson): Finding[] {
  const wanted = settingsOf(graph, stack).map(({ arn }) => String(arn));
  return readersOf(graph, stack).flatMap((lambda) => {
    const about = (holds: boolean, message: string) => expectThat(holds, stack, message, lambda.address);
    return [
      ...about(configPathOf(lambda) === pathOf(stack), `must be told the path ${pathOf(stack)}`),
      ...about(wanted.length > 0, "is told of settings that aren't there"),
      ...about(reads(graph, lambda, wanted), `must be allowed to read some of ${wanted.join(", ")}, and nothing else`),
    ];
  });
}

/** In one statement, without conditions, and denied by none. */
function reads(graph: Graph, lambda: GraphNode, arns: readonly string[]): boolean {
  const statements = ssmStatements(graph, lambda);
  const [statement, ...others] = statements;
  return (
    statement !== undefined &&
    others.length === 0 &&
    statement.effect === "Allow" &&
    sameJson(statement.actions, [readAction]) &&
    statement.resources.length > 0 &&
    statement.resources.every((resource) => arns.includes(resource)) &&
    statement.notActions.length === 0 &&
    statement.notResources.length === 0 &&
    statement.conditions.length === 0
  );
}

/** Parameters that a function's role names. */
function namedTo(graph: Graph, lambda: GraphNode): string[] {
  return ssmStatements(graph, lambda).flatMap(({ effect, resources }) => (effect === "Allow" ? resources : []));
}

/** Whatever is said to a function of Parameter Store, in either way. */
function ssmStatements(graph: Graph, lambda: GraphNode): Statement[] {
  const role = graph.resolve(lambda.attributes.role, lambda.stack);
  const documents = role === undefined ? [] : graph.policiesOf(role).filter(({ kind }) => kind === "identity");
  return documents
    .flatMap(({ statements }) => statements)
    .filter(
      (statement) =>
        coversAction(statement, readAction) || statement.actions.some((action) => /^(ssm:|\*)/i.test(action)),
    );
}

/** A function that isn't told of settings has no business in Parameter Store. */
function strangers(subject: Subject): Finding[] {
  const { graph } = subject;
  return judgeNodes(subject, ["aws_lambda_function"], (lambda) =>
    configPathOf(lambda) === undefined && ssmStatements(graph, lambda).some(({ effect }) => effect === "Allow")
      ? ["may read parameters, and has no CONFIG_PATH"]
      : [],
  );
}

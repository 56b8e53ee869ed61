import type { Environment } from "../../../config/environment";
import type { Graph, GraphNode } from "../../graph/model";
import { differences, findingsOn } from "../exact";
import { type KindName, kinds, variablesOf } from "../files";
import { functionsOf } from "../functions";
import { expectThat, type Finding, judgeEach, nodesIn, type Requirement, wanted } from "../requirement";
import { isRight, roleOf, statementsAbout } from "../rights";
import type { StackJson } from "../stack-json";
import { modelRights } from "./fil-04-rights";

export const fil04: Requirement = {
  id: "FIL-04",
  checks:
    "The functions of images and of documents may ask the configured inference profiles and, through each, the model behind it in its regions, and are told just these; where the configuration lists none, nobody may. No other role may ask a model. The setting that selects one begins as none; the network has an endpoint of Bedrock exactly where models are allowed.",
  why: "A model that nobody has allowed reads people's files, and its bill has no end.",
  judge: (subject) => [
    ...judgeEach(subject, "files", (stack, environment) => {
      const { graph } = subject;
      return [...askers(graph, stack, environment), ...setting(graph, stack, environment)];
    }),
    ...judgeEach(subject, "all", (stack) => strangers(subject.graph, stack)),
    ...judgeEach(subject, "network", (stack, environment) => endpoint(subject.graph, stack, environment)),
  ],
};

/** Whether a function of the files is one that asks. */
function asks(name: string): boolean {
  return name in kinds && kinds[name as KindName].asksModels;
}

function askers(graph: Graph, stack: StackJson, environment: Environment): Finding[] {
  const functions = functionsOf(graph, stack);
  const lacking = Object.keys(kinds).filter((kind) => !functions.has(kind));
  return [
    ...lacking.map((kind) => ({ stack: stack.id, message: `must have the function ${kind}` })),
    ...[...functions].flatMap(([name, lambda]) =>
      findingsOn(lambda, asks(name) ? may(graph, environment, lambda) : mayNot(lambda)),
    ),
  ];
}

/** Exactly the configured models, which its settings name too. */
function may(graph: Graph, environment: Environment, lambda: GraphNode): string[] {
  const role = roleOf(graph, lambda);
  const statements = role === undefined ? [] : statementsAbout(graph, role, "bedrock");
  const rights = modelRights(environment, String(lambda.region));
  const ids = environment.files.bedrock.models.map(({ profileId }) => profileId).join(",");
  return [
    ...rights
      .filter((right) => !statements.some((statement) => isRight(statement, right)))
      .map((right) => `must be allowed exactly ${JSON.stringify(right)}`),
    ...statements
      .filter((statement) => !rights.some((right) => isRight(statement, right)))
      .map(({ sid, path }) => `may ask other models than the configured ones, by its statement ${sid ?? path}`),
    ...wanted(variablesOf(lambda).MODEL_IDS === ids, `must be told MODEL_IDS ${JSON.stringify(ids)}`),
  ];
}

function mayNot(lambda: GraphNode): string[] {
  return wanted(!("MODEL_IDS" in variablesOf(lambda)), "is told of models, and asks none");
}

/** No role but the askers' own; bootstrap's roles deploy, and are PLAT-13's. */
function strangers(graph: Graph, stack: StackJson): Finding[] {
  if (stack.component === "bootstrap") return [];
  const functions = stack.component === "files" ? [...functionsOf(graph, stack)] : [];
  const askersRoles = functions.filter(([name]) => asks(name)).map(([, lambda]) => roleOf(graph, lambda));
  return nodesIn(graph, stack, "aws_iam_role")
    .filter((role) => !askersRoles.includes(role))
    .flatMap((role) =>
      findingsOn(
        role,
        wanted(
          statementsAbout(graph, role, "bedrock").every(({ effect }) => effect === "Deny"),
          "may ask models",
        ),
      ),
    );
}

/** Who selects a model does it in Parameter Store, once the system is there; that the value is left alone is PLAT-18's. */
function setting(graph: Graph, stack: StackJson, { environmentSuffix }: Environment): Finding[] {
  const name = `/tap/${environmentSuffix}/files/config/model`;
  const [parameter, ...others] = nodesIn(graph, stack, "aws_ssm_parameter").filter(
    ({ attributes }) => attributes.name === name,
  );
  if (parameter === undefined || others.length > 0) return expectThat(false, stack, `must have the setting ${name}`);
  return findingsOn(
    parameter,
    differences(graph, parameter, {
      name,
      type: "String",
      insecure_value: "none",
      lifecycle: { ignore_changes: ["insecure_value"] },
    }),
  );
}

function endpoint(graph: Graph, stack: StackJson, { files: { bedrock } }: Environment): Finding[] {
  const count = nodesIn(graph, stack, "aws_vpc_endpoint").filter(({ attributes }) =>
    /\.bedrock(-[a-z-]+)?$/.test(String(attributes.service_name)),
  ).length;
  const expected = bedrock.models.length > 0 ? 1 : 0;
  return expectThat(count === expected, stack, `must have ${expected} endpoints of Bedrock (it has ${count})`);
}

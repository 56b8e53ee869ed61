import type { Environment } from "../../config/environment";
import type { Graph, GraphNode } from "../graph/model";
import { coversAction, coversResource } from "../graph/statement";
import { accountArns } from "./account-arns";
import { expectThat, type Finding, type Subject } from "./requirement";
import { allowedBy } from "./roles";
import type { StackJson } from "./stack-json";

/** Judges each environment's one delivery stack, in its primary region; one that is missing is a finding. */
export function judgeDeliveries(
  subject: Subject,
  judge: (stack: StackJson, environment: Environment) => Finding[],
): Finding[] {
  return subject.environments.flatMap((environment) => {
    const { environmentSuffix, region } = environment;
    const [stack, ...others] = subject.stacks.filter(
      (each) => each.component === "delivery" && each.environmentSuffix === environmentSuffix,
    );
    return stack === undefined || others.length > 0
      ? [{ message: `${environmentSuffix} must have one delivery stack` }]
      : [
          ...expectThat(stack.region === region, stack, `must be in the primary region ${region}`),
          ...judge(stack, environment),
        ];
  });
}

/** The account's deploy or plan role, where its bootstrap is among what is judged. */
export function accountRole(graph: Graph, environment: Environment, which: "deploy" | "plan"): GraphNode | undefined {
  const { deployRole, planRole } = accountArns(environment);
  const arn = which === "deploy" ? deployRole : planRole;
  return graph.ofType("aws_iam_role").find((role) => role.arn === arn);
}

/** Actions on a thing that a role's own policies leave out. */
export function lackingRights(graph: Graph, role: GraphNode, actions: readonly string[], arn: string): string[] {
  const allowed = allowedBy(graph, role);
  return actions
    .filter((action) => !allowed.some((each) => coversAction(each, action) && coversResource(each, arn)))
    .map((action) => `must be allowed ${action} on ${arn}`);
}

/** Actions on a thing that they must leave out. */
export function surplusRights(graph: Graph, role: GraphNode, actions: readonly string[], arn: string): string[] {
  const allowed = allowedBy(graph, role);
  return actions
    .filter((action) => allowed.some((each) => coversAction(each, action) && coversResource(each, arn)))
    .map((action) => `must not be allowed ${action} on ${arn}`);
}

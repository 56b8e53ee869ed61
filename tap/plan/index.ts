export { type ApplyOptions, type ApplyResult, applyPlan } from "./apply";
export { dependenciesOf } from "./dependencies";
export { pickStacks, type StackFolder, stackFolders, workingCopies } from "./folders";
export { type PlanOptions, type PlanState, planFolders, type StackPlan } from "./plan";

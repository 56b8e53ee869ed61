import { applyStacks } from "../support/apply-stacks";

applyStacks("pr12");

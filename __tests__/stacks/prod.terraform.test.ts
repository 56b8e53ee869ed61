import { applyStacks } from "../support/apply-stacks";

applyStacks("prod");

import { accessCases } from "./access";
import type { PlanCase } from "./case";
import { dataCases } from "./data";
import { otherCases } from "./other";

/** By the file of __tests__/fixtures/plans that their plans are in. */
export const planCases: Readonly<Record<string, readonly PlanCase[]>> = {
  access: accessCases,
  data: dataCases,
  other: otherCases,
};

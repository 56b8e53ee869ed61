import type { MechanicalMutation } from "./mutations";
import { refusal } from "./schema";
export interface HarmlessClass { readonly reason: string; readonly matches: (m: MechanicalMutation) => boolean }
export const harmless: HarmlessClass[] = [];
export function refusedBy(m: MechanicalMutation, attributes: Record<string, unknown>) { return refusal(m.type, m.path, m.after(), attributes); }

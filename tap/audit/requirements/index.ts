import type { Requirement } from "../requirement";
import { plat01 } from "./plat-01";
import { plat11 } from "./plat-11";
import { plat12 } from "./plat-12";
import { plat13 } from "./plat-13";
import { plat15 } from "./plat-15";
import { plat16 } from "./plat-16";
import { plat17 } from "./plat-17";
import { plat20 } from "./plat-20";

/** All requirements that are judged on the synthesized JSON. */
export const requirements: readonly Requirement[] = [plat01, plat11, plat12, plat13, plat15, plat16, plat17, plat20];

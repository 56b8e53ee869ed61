import { api } from "./api";
import { jobs } from "./jobs";
import type { ApiDefinition } from "./route";

/** Every API that there is. */
export const definitions: readonly ApiDefinition[] = [api, jobs];

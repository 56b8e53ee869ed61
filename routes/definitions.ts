import { api } from "./api";
import { files } from "./files";
import { jobs } from "./jobs";
import type { ApiDefinition } from "./route";
import { stream } from "./stream";

/** Every API that there is. */
export const definitions: readonly ApiDefinition[] = [api, files, jobs, stream];

import { serveApart } from "../apart-inside";
import { isApart } from "../apart-messages";
import { createDataHandler } from "./processor";

// Processes that work on files run this module too; Lambda's own doesn't load what they need for it.
export const handler = isApart() ? serveApart(() => import("./process")) : createDataHandler(new URL(import.meta.url));

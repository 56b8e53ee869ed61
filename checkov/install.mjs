import { join } from "node:path";
import { installPythonEnvironment, pythonMissing } from "../bin/python-environment.mjs";

/** Why there can be no Checkov here, or undefined. */
export const checkovMissing = pythonMissing;

/** The path of the pinned Checkov, installed where it isn't yet. */
export async function installCheckov(log = () => {}) {
  const onInstall = () => log("Installing Checkov (290 MB, once)");
  return join(await installPythonEnvironment("checkov", "checkov/requirements.txt", onInstall), "checkov");
}

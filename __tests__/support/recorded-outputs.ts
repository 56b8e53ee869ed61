import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "./project";

/** Outputs of an environment as `tap outputs` gave them once, and what gave them. */
export interface RecordedOutputs {
  readonly recordedFrom: string;
  readonly recordedBy: string;
  readonly outputs: Readonly<Record<string, string>>;
}

/** Where `npm run record:outputs` is heard. */
export const isRecording = process.env.RECORD_OUTPUTS === "1";

const label = {
  recordedFrom:
    "Real Terraform, a stand-in for the AWS provider, and states in an AWS emulator. Ids and host names are made up: nothing of it was ever in AWS.",
  recordedBy: "npm run record:outputs",
};

/** What AWS chooses, and the stand-in makes up of a resource's arguments: another description, another id. */
const chosenIds =
  /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b(vpc|subnet|sg|pl|vpce)-[0-9a-f]+|\b[0-9a-f]{10}\b|(?<=:secret:.*-)[0-9A-Za-z]{6}$/g;

/** Outputs with a mark for every id that AWS chooses. */
export function withoutIds(outputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([key, value]) => [key, value.replace(chosenIds, "…")]));
}

const fileOf = (environment: string) => join(projectRoot, "__tests__", "fixtures", "outputs", `${environment}.json`);

export function recordedOutputs(environment: string): RecordedOutputs {
  return JSON.parse(readFileSync(fileOf(environment), "utf8"));
}

export function recordOutputs(environment: string, outputs: Readonly<Record<string, string>>): void {
  const recorded: RecordedOutputs = { ...label, outputs };
  mkdirSync(dirname(fileOf(environment)), { recursive: true });
  writeFileSync(fileOf(environment), `${JSON.stringify(recorded, null, 2)}\n`);
}

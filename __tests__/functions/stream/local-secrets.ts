import { type Answer, refusal } from "./local-answer";

interface Version {
  value: string | undefined;
  readonly stages: Set<string>;
}

/** One secret, as Secrets Manager keeps its versions. */
export class LocalSecret {
  readonly versions = new Map<string, Version>();
  isRotationEnabled = true;

  /** A version and its value; it takes the stages from the others. */
  put(id: string, value: string | undefined, stages: readonly string[]): void {
    for (const stage of stages) this.takeAway(stage);
    const before = this.versions.get(id);
    this.versions.set(id, { value, stages: new Set([...(before?.stages ?? []), ...stages]) });
  }

  answer(operation: string, body: Record<string, string>): Answer {
    if (operation === "DescribeSecret")
      return {
        body: {
          RotationEnabled: this.isRotationEnabled,
          VersionIdsToStages: Object.fromEntries(
            [...this.versions].filter(([, { stages }]) => stages.size > 0).map(([id, { stages }]) => [id, [...stages]]),
          ),
        },
      };
    if (operation === "GetSecretValue") return this.get(body);
    if (operation === "PutSecretValue") return this.putValue(body as never);
    if (operation === "UpdateSecretVersionStage") return this.move(body as never);
    return refusal("UnknownOperationException");
  }

  private get({ VersionId, VersionStage }: Record<string, string>): Answer {
    const stage = VersionStage ?? (VersionId === undefined ? "AWSCURRENT" : undefined);
    const found = [...this.versions].find(
      ([id, { stages }]) => (VersionId === undefined || id === VersionId) && (stage === undefined || stages.has(stage)),
    );
    if (found?.[1].value === undefined) return refusal("ResourceNotFoundException");
    const [id, { value, stages }] = found;
    return { body: { VersionId: id, SecretString: value, VersionStages: [...stages] } };
  }

  private putValue(body: { ClientRequestToken: string; SecretString: string; VersionStages: string[] }): Answer {
    const { ClientRequestToken: id, SecretString: value, VersionStages } = body;
    const before = this.versions.get(id)?.value;
    if (before !== undefined && before !== value) return refusal("ResourceExistsException");
    this.put(id, value, VersionStages);
    return { body: { VersionId: id } };
  }

  private move(body: { VersionStage: string; MoveToVersionId: string; RemoveFromVersionId?: string }): Answer {
    const { VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from } = body;
    const holder = [...this.versions].find(([, { stages }]) => stages.has(stage))?.[0];
    if (holder !== from) return refusal("InvalidParameterException");
    if (stage === "AWSCURRENT" && from !== undefined) {
      this.takeAway("AWSPREVIOUS");
      this.versions.get(from)?.stages.add("AWSPREVIOUS");
    }
    this.takeAway(stage);
    this.versions.get(to)?.stages.add(stage);
    return { body: {} };
  }

  private takeAway(stage: string): void {
    for (const { stages } of this.versions.values()) stages.delete(stage);
  }
}

import type { Environment } from "../../../config/environment";
import type { Right } from "../rights";

/**
 * Each configured inference profile, and the model behind it in the regions that it routes to, through that profile
 * alone (Bedrock user guide, prerequisites for inference profiles); nothing where the configuration lists none.
 */
export function modelRights({ accountId, files: { bedrock } }: Environment, region: string): Right[] {
  const actions = ["bedrock:InvokeModel"];
  const profiles = bedrock.models.map(({ profileId, regions }) => ({
    arn: `arn:aws:bedrock:${region}:${accountId}:inference-profile/${profileId}`,
    // `us.amazon.nova-lite-v1:0` is the profile of `amazon.nova-lite-v1:0`.
    models: regions.map((each) => `arn:aws:bedrock:${each}::foundation-model/${profileId.replace(/^[^.]+\./, "")}`),
  }));
  if (profiles.length === 0) return [];
  return [
    { actions, resources: profiles.map(({ arn }) => arn), conditions: {} },
    ...profiles.map(({ arn, models }) => ({
      actions,
      resources: models,
      conditions: { "bedrock:InferenceProfileArn": arn },
    })),
  ];
}

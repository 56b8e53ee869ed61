import type { BackendSettings } from "../../config/backend";
import { type Resource, reference, resourcesOf, type StackJson } from "./stack-json";

/** The key that states of an account are encrypted with in a region: the one that the backend's alias is of there. */
export function stateKeyOf(stack: StackJson, { kms_key_id }: BackendSettings, region: string): Resource | undefined {
  const inRegion = ({ attributes }: Resource) => (attributes.region ?? stack.region) === region;
  const alias = resourcesOf(stack, "aws_kms_alias").find(
    (each) => each.attributes.name === kms_key_id && inRegion(each),
  );
  return resourcesOf(stack, "aws_kms_key").find(
    (key) => alias?.attributes.target_key_id === reference(`${key.address}.key_id`) && inRegion(key),
  );
}

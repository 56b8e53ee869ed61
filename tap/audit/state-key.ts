import type { BackendSettings } from "../../config/backend";
import { type Resource, reference, resourcesOf, type StackJson } from "./stack-json";

/** The key that all states of an account are encrypted with: the one that the backend's alias is of. */
export function stateKeyOf(stack: StackJson, { kms_key_id }: BackendSettings): Resource | undefined {
  const alias = resourcesOf(stack, "aws_kms_alias").find(({ attributes }) => attributes.name === kms_key_id);
  return resourcesOf(stack, "aws_kms_key").find(
    ({ address }) => alias?.attributes.target_key_id === reference(`${address}.key_id`),
  );
}

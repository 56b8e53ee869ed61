import { createHash } from "node:crypto";
import { ApiGatewayDeployment } from "@cdktf/provider-aws/lib/api-gateway-deployment";
import { Lazy, TerraformResource } from "cdktf";
import type { Construct } from "constructs";

/** What a deployment takes a picture of; a type that is missing here would change, and callers would not see it. */
const deployedTypes = new Set(
  [
    "authorizer",
    "gateway_response",
    "integration",
    "integration_response",
    "method",
    "method_response",
    "model",
    "request_validator",
    "resource",
    "rest_api",
  ].map((name) => `aws_api_gateway_${name}`),
);

/** What callers never see, whatever the type: how Terraform goes about it, and texts for people. */
const invisible = new Set(["//", "depends_on", "description", "lifecycle", "provider", "tags"]);

/**
 * A picture of the API, made anew exactly when something changes that callers can see: without that, a stage serves
 * the old one for ever. The stage moves to the new one before the old one goes.
 */
export function deploy(api: Construct, restApiId: string): ApiGatewayDeployment {
  return new ApiGatewayDeployment(api, "Deployment", {
    restApiId,
    triggers: {
      redeployment: Lazy.stringValue({
        produce: (context) => fingerprint(deployedParts(api).map((part) => context.resolve(part.toTerraform()))),
      }),
    },
    dependsOn: deployedParts(api),
    lifecycle: { createBeforeDestroy: true },
  });
}

function deployedParts(api: Construct): TerraformResource[] {
  return api.node
    .findAll()
    .filter((node): node is TerraformResource => TerraformResource.isTerraformResource(node))
    .filter(({ terraformResourceType }) => deployedTypes.has(terraformResourceType));
}

/** SHA-256 of what resources of one API say, in whatever order they and their arguments stand. */
function fingerprint(parts: readonly { resource: Record<string, Record<string, object>> }[]): string {
  const texts = parts.flatMap(({ resource }) =>
    Object.entries(resource).flatMap(([type, byName]) =>
      Object.values(byName).map((attributes) => `${type} ${canonical(visible(type, attributes))}`),
    ),
  );
  return createHash("sha256").update(texts.sort().join("\n")).digest("hex");
}

function visible(type: string, attributes: object): object {
  const isVisible = (name: string) => !invisible.has(name) && !(type === "aws_api_gateway_rest_api" && name === "name");
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isVisible(name)));
}

/** JSON with the keys of every object in order. */
function canonical(value: object): string {
  return JSON.stringify(value, (_, nested: unknown) =>
    typeof nested === "object" && nested !== null && !Array.isArray(nested)
      ? Object.fromEntries(Object.entries(nested).sort(([a], [b]) => (a < b ? -1 : 1)))
      : nested,
  );
}

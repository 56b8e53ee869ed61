import { ApiGatewayResource } from "@cdktf/provider-aws/lib/api-gateway-resource";
import { Construct } from "constructs";
import type { ApiDefinition, Route } from "../../routes/route";

export interface ApiPathsProps {
  readonly restApiId: string;
  readonly rootResourceId: string;
  readonly definition: ApiDefinition;
}

/** The resources of an API: one per part of a path, each beneath the part before it. */
export class ApiPaths extends Construct {
  /** Paths that have methods, with their routes. */
  readonly routesByPath: ReadonlyMap<string, readonly Route[]>;
  private readonly resourceIds = new Map<string, string>();
  private readonly restApiId: string;

  constructor(scope: Construct, id: string, { restApiId, rootResourceId, definition }: ApiPathsProps) {
    super(scope, id);
    this.restApiId = restApiId;
    this.resourceIds.set("", rootResourceId);
    this.routesByPath = new Map(
      definition.routes.map(({ path }) => [path, definition.routes.filter((route) => route.path === path)]),
    );
  }

  /** Id of a path's resource, which is made with those above it when it is first asked for. */
  resourceIdOf(path: string): string {
    const known = this.resourceIds.get(path);
    if (known !== undefined) return known;
    const end = path.lastIndexOf("/");
    const resource = new ApiGatewayResource(this, idOf("", path), {
      restApiId: this.restApiId,
      parentId: this.resourceIdOf(path.slice(0, end)),
      pathPart: path.slice(end + 1),
    });
    this.resourceIds.set(path, resource.id);
    return resource.id;
  }
}

/**
 * Id of a construct that belongs to a path, from the path's own words: the order of routes is nothing to it, and
 * neither is what a variable part is called, of which there is one in a place. A rename is a change, not another
 * resource that AWS would refuse beside the first.
 */
export function idOf(method: Route["method"] | "OPTIONS" | "", path: string): string {
  return `${method}${path.replaceAll("/", "_").replaceAll(/\{\w+\}/g, "{}")}`;
}

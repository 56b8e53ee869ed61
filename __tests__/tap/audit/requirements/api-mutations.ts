import { type Resource, resourcesOf, type StackJson } from "../../../../tap/audit/stack-json";
import type { Attributes } from "../../../../tap/graph/terraform-json";
import type { Mutation } from "../../../support/prove";
import { assign, mutationOf, nameOf, resourceMutationOf } from "./mutations";

/** A mutation of the api in the second region, which a rule on the first alone would miss. */
export const api = mutationOf("api", "us-west-2");

/** A mutation of the attributes of exactly one resource of the api. */
export const apiResource = resourceMutationOf(api);

/** Sets attributes of exactly one resource of the api; undefined takes one away. */
export const apiSetting = (type: string, name: string, attributes: Attributes): Mutation =>
  apiResource(type, name, (own) => assign(own, attributes));

/** Takes exactly one resource out of the api. */
export const apiWithout = (type: string, name: string): Mutation =>
  api((stack) => {
    delete stack.json.resource?.[type]?.[nameOf(stack, type, name)];
  });

/** Adds a resource to the api, beside those that are there. */
export const apiWith = (type: string, attributes: Attributes | ((stack: StackJson) => Attributes)): Mutation =>
  api((stack) => {
    const added = typeof attributes === "function" ? attributes(stack) : attributes;
    stack.json.resource = { ...stack.json.resource, [type]: { ...stack.json.resource?.[type], Added: added } };
  });

/** Sets something within a resource of the api, by the way to it: `rule.0.statement`. */
export const apiWithin = (type: string, name: string, path: string, value: unknown): Mutation =>
  apiResource(type, name, (attributes) => {
    const parts = path.split(".");
    const last = parts.pop() as string;
    const parent = parts.reduce<Record<string, unknown>>((part, each) => {
      if (typeof part[each] !== "object") throw new Error(`${type} ${name} has no ${path}`);
      return part[each] as Record<string, unknown>;
    }, attributes);
    if (value === undefined) delete parent[last];
    else parent[last] = value;
  });

/** Replaces a part of a text that must be there. */
export const apiText = (type: string, name: string, attribute: string, from: string | RegExp, to: string): Mutation =>
  apiResource(type, name, (attributes) => {
    const text = String(attributes[attribute]);
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${type} ${name} has no ${from} in ${attribute}`);
    attributes[attribute] = changed;
  });

/** Changes exactly one thing of a gateway that is of a method and path, as `GET /items/{id}`, and of a status where there are several. */
export const apiRoute = (
  type: string,
  route: string,
  change: Attributes | ((attributes: Attributes, stack: StackJson) => void),
  status?: number,
): Mutation =>
  api((stack) => {
    const { attributes } = routePart(stack, type, route, status);
    if (typeof change === "function") change(attributes, stack);
    else assign(attributes, change);
  });

/** Takes such a thing out. */
export const apiWithoutRoute = (type: string, route: string, status?: number): Mutation =>
  api((stack) => {
    delete stack.json.resource?.[type]?.[routePart(stack, type, route, status).name];
  });

/** Exactly one thing of a gateway that is of a method and path. */
export function routePart(stack: StackJson, type: string, route: string, status?: number): Resource {
  const [method = "", path = ""] = route.split(" ");
  const methods = resourcesOf(stack, "aws_api_gateway_method").filter(
    ({ attributes }) => attributes.http_method === method && pathOf(stack, attributes.resource_id) === path,
  );
  const names = [method, ...methods.map(({ address }) => `\${${address}.http_method}`)];
  const found = resourcesOf(stack, type).filter(
    ({ attributes }) =>
      names.includes(String(attributes.http_method)) &&
      pathOf(stack, attributes.resource_id) === path &&
      (status === undefined || attributes.status_code === String(status)),
  );
  if (found.length !== 1) throw new Error(`${stack.id} has ${found.length} ${type} of ${route} ${status ?? ""}`);
  return found[0] as Resource;
}

function pathOf(stack: StackJson, id: unknown): string {
  const found = resourcesOf(stack, "aws_api_gateway_resource").find(({ address }) => id === `\${${address}.id}`);
  return found === undefined ? "" : `${pathOf(stack, found.attributes.parent_id)}/${found.attributes.path_part}`;
}

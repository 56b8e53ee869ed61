import type { Environment } from "../../../config/environment";
import type { Attributes } from "../../graph/terraform-json";
import { keyIdOutputs, takesKeys } from "../one-key";
import { expectThat, type Finding, judgeEach, type Requirement, type Subject } from "../requirement";
import { resourcesOf, type StackJson } from "../stack-json";

export const api02: Requirement = {
  id: "API-02",
  checks:
    "Each region of the environment has the API, with its provider there, and nothing of it elsewhere; the regions differ in nothing but their names, wherever one stands, and in whose values their API keys have where a domain is configured.",
  why: "A region that lacks something, or points at another one, isn't there when it is needed.",
  judge: (subject) => [
    ...subject.environments.flatMap((environment) => inEachRegion(subject, environment)),
    ...judgeEach(subject, "api", (stack) => ofItsRegion(stack)),
  ],
};

function inEachRegion({ stacks }: Subject, environment: Environment): Finding[] {
  const { environmentSuffix, regionNames } = environment;
  const own = stacks.filter((stack) => stack.component === "api" && stack.environmentSuffix === environmentSuffix);
  const missing = regionNames.filter((region) => own.filter((stack) => stack.region === region).length !== 1);
  const [first, ...others] = own;
  return [
    ...missing.map((region) => ({
      stack: `tap-api-${environmentSuffix}-${region}`,
      message: "must be there, once: it is in a region of the environment",
    })),
    ...own
      .filter(({ region }) => !regionNames.includes(region))
      .map(({ id }) => ({ stack: id, message: "is in no region of the environment" })),
    ...(first === undefined ? [] : others.flatMap((other) => differences(first, other, environment))),
  ];
}

function ofItsRegion(stack: StackJson): Finding[] {
  const providers = stack.json.provider?.aws ?? [];
  return [
    ...expectThat(
      providers.length === 1 && providers[0]?.region === stack.region && providers[0]?.alias === undefined,
      stack,
      `must have one provider, in ${stack.region}`,
    ),
    ...resourcesOf(stack)
      .filter(({ attributes }) => attributes.region !== undefined || attributes.provider !== undefined)
      .map(({ address }) => ({ stack: stack.id, address, message: "is in another region than its stack" })),
  ];
}

/** What one region has that the other one doesn't, or has otherwise, with the regions' own names taken out. */
function differences(one: StackJson, other: StackJson, environment: Environment): Finding[] {
  const expected = partsOf(one, environment);
  const actual = partsOf(other, environment);
  return [...new Set([...expected.keys(), ...actual.keys()])]
    .filter((address) => expected.get(address) !== actual.get(address))
    .map((address) => ({ stack: other.id, address, message: `is not as it is in ${one.id}` }));
}

/** Everything of a stack by its address, as text; where it is, where its peers are, and its account's things by the same words. */
function partsOf(stack: StackJson, environment: Environment): Map<string, string> {
  const { output = {}, data = {}, locals = {}, variable = {} } = stack.json;
  const read = Object.entries(data).flatMap(([type, named]) =>
    Object.entries(named).map(([name, attributes]) => [`data.${type}.${name}`, attributes] as const),
  );
  const parts: (readonly [string, unknown])[] = [
    ...resourcesOf(stack).map(({ address, attributes }) => [address, attributes] as const),
    ...read,
    ...Object.entries(output).map(([name, value]) => [`output.${name}`, value] as const),
    ...Object.entries(variable).map(([name, value]) => [`var.${name}`, value] as const),
    ["locals", locals],
  ];
  return new Map(
    withoutValuesOfKeys(parts, stack, environment).map(([address, value]) => [
      address,
      withoutRegions(JSON.stringify(value), stack, environment),
    ]),
  );
}

/** Without what the other regions take from the primary one where a domain is configured; that is PLAT-14's. */
function withoutValuesOfKeys(
  parts: readonly (readonly [string, unknown])[],
  { region, environmentSuffix }: StackJson,
  environment: Environment,
): readonly (readonly [string, unknown])[] {
  if (!takesKeys(environment, region)) return parts;
  const ids = keyIdOutputs(environment).map((key) => `/tap/${environmentSuffix}/api/${key}`);
  const readsKey = (address: string, value: unknown) =>
    address.startsWith("data.aws_api_gateway_api_key.") ||
    (address.startsWith("data.aws_ssm_parameter.") && ids.includes(String((value as Attributes).name)));
  return parts
    .filter(([address, value]) => !readsKey(address, value))
    .map(([address, value]) =>
      address.startsWith("aws_api_gateway_api_key.")
        ? [address, { ...(value as Attributes), value: undefined }]
        : [address, value],
    );
}

function withoutRegions(text: string, { region }: StackJson, environment: Environment): string {
  const { account, regionNames } = environment;
  const peers = regionNames.filter((name) => name !== region);
  // The account's roles and boundaries are named after one region, for all of them.
  const ofBootstrap = new RegExp(`(tap-bootstrap-[a-z-]+)-${account.environmentSuffix}-${account.region}`, "g");
  const named = text
    .replaceAll(ofBootstrap, "$1-{account}")
    // Made of what has regions in it; that it is there and changes is PLAT-05's.
    .replace(/"redeployment":"[0-9a-f]{40,}"/, '"redeployment":"{hash}"')
    .replaceAll(region, "{region}");
  return peers.reduce((changed, peer, index) => changed.replaceAll(peer, `{peer ${index + 1}}`), named);
}

import type { Environment } from "../../config/environment";

/** Key of the output that says which API key is a client's; an API has it where it has a domain (PLAT-14). */
export function keyIdOutput(client: string): string {
  return `api_key_id_${client}`;
}

/** All such outputs of an environment; none without a domain. */
export function keyIdOutputs({ api }: Environment): string[] {
  return api.domain === undefined ? [] : api.clients.map(keyIdOutput);
}

/** Whether a region's API keys have the primary region's values: clients come to any region by the one domain. */
export function takesKeys({ api, region: primary }: Environment, region: string): boolean {
  return api.domain !== undefined && region !== primary;
}

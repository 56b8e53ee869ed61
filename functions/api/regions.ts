/**
 * The other regions that the API is deployed in: PEER_REGIONS, with commas between them. None where it is empty.
 * @throws Error where one isn't a region, or is this one: it would wait for its own heartbeat for ever
 */
export function peerRegions(): readonly string[] {
  const { PEER_REGIONS = "", AWS_REGION } = process.env;
  const regions = PEER_REGIONS.split(",").filter((region) => region !== "");
  for (const region of regions)
    if (!regionPattern.test(region) || region === AWS_REGION)
      throw new Error(`PEER_REGIONS must be other regions, such as us-west-2 (given ${JSON.stringify(region)})`);
  return regions;
}

/** As AWS names them. */
export const regionPattern = /^[a-z]{2}(-[a-z]+)+-\d$/;

import type { ClientSettings, Place } from "./resources/resource-type";
import type { LocalState } from "./state";

type ClientOf = Place["client"];

/**
 * Clients of AWS's services at an emulator, one per class and region. An access key of twelve digits is the account's
 * own user there, who may do everything.
 */
export class Clients {
  readonly #made = new Map<string, Map<unknown, unknown>>();

  constructor(
    private readonly endpoint: string,
    private readonly accountId: string,
  ) {}

  /** What makes a region's clients. */
  in(region: string): ClientOf {
    const made = this.#made.get(region) ?? new Map<unknown, unknown>();
    this.#made.set(region, made);
    const settings: ClientSettings = {
      endpoint: this.endpoint,
      region,
      credentials: { accessKeyId: this.accountId, secretAccessKey: "local" },
      maxAttempts: 3,
    };
    return <Client>(of: new (settings: ClientSettings) => Client): Client => {
      const client = (made.get(of) as Client | undefined) ?? new of(settings);
      made.set(of, client);
      return client;
    };
  }
}

const ofEmulators = new Map<string, Clients>();

/** Clients for an environment: the same ones each time, which keep their connections. */
export function clientsOf({ emulator: { endpoint }, accountId }: Pick<LocalState, "emulator" | "accountId">): Clients {
  const key = `${accountId} ${endpoint}`;
  const made = ofEmulators.get(key) ?? new Clients(endpoint, accountId);
  ofEmulators.set(key, made);
  return made;
}

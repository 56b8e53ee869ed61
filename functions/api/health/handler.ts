import { MetricUnit } from "@aws-lambda-powertools/metrics";
import { api, type Health } from "../../../routes/api";
import { createHttpHandler } from "../../shared/http";
import type { HttpAnswer } from "../../shared/http-response";
import { logger, metrics } from "../../shared/powertools";
import { getStoredItem, type ItemTable, itemTable } from "../item-table";
import { peerState } from "../peers";
import { peerRegions } from "../regions";

type State = Health["dependencies"][string];

/** DynamoDB answers in a hundredth of it; whoever asks for health doesn't wait for long. */
const timeoutMilliseconds = 1_000;

/** An id of an item that there may be or not: what counts is that the table answers. */
const anyId = "health";

/** @param peers the other regions of the API */
export function createHealthHandler(table: ItemTable, peers: readonly string[]) {
  return createHttpHandler(api, "health", {
    /** It says 200 wherever it can say anything: what is impaired is in the answer. */
    async getHealth(_, { signal }): Promise<HttpAnswer> {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(timeoutMilliseconds)]);
      const [items, ...states] = await Promise.all([
        stateOf("items", "impaired", () => getStoredItem(table, anyId, inTime).then(() => "ok")),
        ...peers.map((peer) => stateOf(peer, "unknown", () => peerState(table, peer, inTime))),
      ]);
      const dependencies = {
        items,
        ...Object.fromEntries(peers.map((peer, index) => [peer, states[index] ?? "unknown"])),
      };
      const isOk = Object.values(dependencies).every((state) => state === "ok");
      const body: Health = { status: isOk ? "ok" : "degraded", region: table.region, dependencies };
      return { status: 200, body };
    },
  });
}

/** @param otherwise what it is when nobody answers */
async function stateOf(dependency: string, otherwise: State, look: () => Promise<State>): Promise<State> {
  try {
    const state = await look();
    if (state !== "ok") logger.warn("A dependency is not ok", { dependency, state });
    metrics.addMetric(state === "ok" ? "DependencyOk" : "DependencyImpaired", MetricUnit.Count, 1);
    return state;
  } catch (error) {
    logger.error("A dependency doesn't answer", { dependency, error: error as Error });
    metrics.addMetric("DependencyImpaired", MetricUnit.Count, 1);
    return otherwise;
  }
}

export const handler = createHealthHandler(itemTable(), peerRegions());

import { KinesisClient } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import type { ClientSettings } from "./resources/resource-type";

/** Kinesis's client speaks HTTP/2 by itself, which the way to the emulator doesn't. */
export class Http1KinesisClient extends KinesisClient {
  constructor(settings: ClientSettings) {
    super({ ...settings, requestHandler: new NodeHttpHandler() });
  }
}

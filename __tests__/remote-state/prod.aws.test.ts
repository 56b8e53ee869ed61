import { proveRemoteState } from "../support/remote-state";

proveRemoteState("prod");

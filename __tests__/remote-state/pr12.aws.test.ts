import { proveRemoteState } from "../support/remote-state";

proveRemoteState("pr12");

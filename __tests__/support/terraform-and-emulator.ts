import { emulatorMissing } from "./emulator";
import { describeWithTerraform, loudlySkipped } from "./terraform";

const missing = emulatorMissing();

/** `describe`, or a loud skip where there is no Terraform, no provider, or no Python for the AWS emulator. */
export const describeWithEmulator = missing ? loudlySkipped(missing) : describeWithTerraform;

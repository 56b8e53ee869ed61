import { describeWithEmulator } from "./emulator";
import { describeWithTerraform } from "./terraform";

/** `describe`, or a loud skip where there is no Terraform, no provider, or no Python for the AWS emulator. */
export const describeWithTerraformAndEmulator =
  describeWithEmulator === describe ? describeWithTerraform : describe.skip;

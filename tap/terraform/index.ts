export { type LoggedOptions, type LoggedResult, terraformLogged } from "./logged";
export { errorsOf, type Message, messagesIn, readMessage, shortErrors, whyFailed } from "./messages";
export { failure, type TerraformResult, terraform, terraformOnTerminal, terraformOrRefuse } from "./run";
export { checkTerraform, type TerraformVersion } from "./version";

import { takeDown } from "./local-environment-setup";

/** Leaves no process and no file of the environment that scenarios ran in. */
export default function teardown(): void {
  const { LOCAL_PROJECT_ROOT: root, LOCAL_PROJECT_IS_TEMPORARY: isTemporary } = process.env;
  if (root !== undefined && isTemporary !== undefined) takeDown(root);
}

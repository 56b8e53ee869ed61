import { types } from "node:util";

/**
 * Jest gives a test file globals of its own: errors of Node's network are none of its Error's, so that the SDK would
 * not repeat what failed, nor the logger log it.
 */
export function knowErrorsOfNode(): void {
  const isInstance = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(Error, Symbol.hasInstance, {
    configurable: true,
    value(this: unknown, value: unknown) {
      return this === Error ? types.isNativeError(value) : isInstance.call(this as typeof Function, value);
    },
  });
}

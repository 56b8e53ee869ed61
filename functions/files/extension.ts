/** The extension of an object's key, in lower case: all that a name says of a file's type. */
export function extensionOf(key: string): string {
  return /\.([^./]+)$/.exec(key)?.[1]?.toLowerCase() ?? "";
}

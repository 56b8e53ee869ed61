/** Short names for drawings; the full address is always beside them. Runs in browsers, and may use nothing from outside itself (script.ts). */
export function makeNames() {
  return {
    /** `sqs_queue` for `aws_sqs_queue`. */
    typeOf: (type: string): string => type.replace(/^aws_/, ""),

    /** `Jobs_Worker` for `aws_sqs_queue.Jobs_Worker_0A1B2C3D`: what follows the type, without the hash that cdktf adds. */
    nameOf(address: string, type: string): string {
      const at = address.indexOf(`${type}.`);
      const name = at < 0 ? address : address.slice(0, at) + address.slice(at + type.length + 1);
      return name.replace(/^data\./, "").replace(/_[0-9A-F]{8}$/, "");
    },
  };
}

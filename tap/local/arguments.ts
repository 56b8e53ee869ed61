import type { Value } from "./values";

/** Arguments of a resource that the code here can't take: a slip of the code, told with the place. */
export class ArgumentError extends Error {
  override readonly name = "ArgumentError";
}

/**
 * Arguments of a resource, or of a block in it. It remembers which were read: what is left over was not applied, and
 * is told (see `unread`).
 */
export class Arguments {
  readonly #read = new Set<string>();
  readonly #blocks: Arguments[] = [];

  constructor(
    private readonly values: Readonly<Record<string, Value>>,
    /** Where they stand: `{stack}/{address}`, and the way into it. */
    readonly place: string,
  ) {}

  /** @throws ArgumentError where it isn't there, as with every name without `If` */
  text(name: string): string {
    return this.#required(name, this.textIf(name));
  }

  textIf(name: string): string | undefined {
    return this.#take(name, "a text", (value) => (typeof value === "string" ? value : undefined));
  }

  number(name: string): number {
    return this.#required(name, this.numberIf(name));
  }

  numberIf(name: string): number | undefined {
    return this.#take(name, "a number", (value) => {
      const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
      return typeof number === "number" && Number.isFinite(number) ? number : undefined;
    });
  }

  flagIf(name: string): boolean | undefined {
    return this.#take(name, "true or false", (value) =>
      typeof value === "boolean" ? value : value === "true" ? true : value === "false" ? false : undefined,
    );
  }

  /** An empty list where there is none. */
  texts(name: string): string[] {
    const texts = this.#take(name, "a list of texts", (value) => {
      const list = Array.isArray(value) ? value : [value];
      return list.every((each) => typeof each === "string") ? (list as string[]) : undefined;
    });
    return texts ?? [];
  }

  /** Names with texts; numbers and flags are written as texts. */
  mapIf(name: string): Record<string, string> | undefined {
    return this.#take(name, "an object of texts", (value) => {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, String(each)]));
    });
  }

  /** A block that is there once at most; cdktf writes it as an object or as a list of one. */
  block(name: string): Arguments | undefined {
    const blocks = this.blocks(name);
    if (blocks.length > 1) throw new ArgumentError(`${this.place}: ${name} is there ${blocks.length} times`);
    return blocks[0];
  }

  blocks(name: string): Arguments[] {
    const blocks = this.#take(name, "a block", (value) => {
      const list = Array.isArray(value) ? value : [value];
      const isBlock = (each: Value) => typeof each === "object" && each !== null && !Array.isArray(each);
      return list.every(isBlock) ? (list as Record<string, Value>[]) : undefined;
    });
    const made = (blocks ?? []).map((block, index) => new Arguments(block, `${this.place}.${name}[${index}]`));
    this.#blocks.push(...made);
    return made;
  }

  /** Passes over arguments of which it is known that they do nothing here. */
  ignore(names: Iterable<string>): void {
    for (const name of names) this.#read.add(name);
  }

  /** Arguments that nobody has asked for, with the place. */
  unread(): string[] {
    const own = Object.keys(this.values).filter((name) => !this.#read.has(name) && this.values[name] !== null);
    return [...own.map((name) => `${this.place}.${name}`), ...this.#blocks.flatMap((block) => block.unread())];
  }

  #take<T>(name: string, wanted: string, read: (value: Value) => T | undefined): T | undefined {
    this.#read.add(name);
    const value = this.values[name];
    if (value === undefined || value === null) return undefined;
    const taken = read(value);
    if (taken === undefined)
      throw new ArgumentError(`${this.place}.${name} is no ${wanted.replace(/^an? /, "")}: ${JSON.stringify(value)}`);
    return taken;
  }

  #required<T>(name: string, value: T | undefined): T {
    if (value === undefined) throw new ArgumentError(`${this.place} has no ${name}`);
    return value;
  }
}

/** Environment variables, as a process has them. */
export type Variables = Readonly<Record<string, string | undefined>>;

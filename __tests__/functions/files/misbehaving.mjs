/*
 * What a library could do to the process that works on a file, by the file's extension. It speaks as apart-inside.ts
 * does.
 */
const { extension } = JSON.parse(process.argv[2]);
const say = (message) => process.send(message);
const kept = [];

const ways = {
  // Not for ever: it would outlive a test that fails.
  hang: () => {
    for (const start = Date.now(); Date.now() - start < 20_000; );
  },
  buffers: () => {
    while (kept.length < 100) kept.push(Buffer.alloc(10_000_000, 1));
  },
  heap: () => {
    for (;;) kept.push({ text: `${kept.length}` });
  },
  exit: () => process.exit(3),
  crash: () => process.kill(process.pid, "SIGSEGV"),
  silent: () => process.exit(0),
  refuse: () => say({ kind: "refusal", reason: "too-deep" }),
  broken: () => say({ kind: "broken", name: "LibraryError", frames: [] }),
  variables: () => say({ kind: "result", result: { names: Object.keys(process.env).sort() } }),
  count: async () => {
    let bytes = 0;
    for await (const chunk of process.stdin) bytes += chunk.length;
    say({ kind: "output", output: { name: "a", contentType: "text/plain", bytes: new Uint8Array([1, 2, 3]) } });
    say({ kind: "result", result: { bytes } });
  },
};

if (extension === "never") process.exit(1);
say({ kind: "started" });
await ways[extension]();

import { findingsOf, high, low } from "./results";

/* Fingerprints tell a finding that was there from a new one. */

const fingerprints = (...messages: string[]) =>
  new Map(
    findingsOf(high, ...messages.map((message) => ({ stack: "files", address: "aws_s3_bucket.A", message }))).map(
      ({ message, fingerprint }) => [message, fingerprint],
    ),
  );

test("are SHA-256, of rule, stack and address", () => {
  const places = [
    { stack: "a", address: "x.y" },
    { stack: "b", address: "x.y" },
    { stack: "a", address: "x.z" },
    { stack: "a" },
    {},
  ].map((place) => ({ ...place, message: "must be" }));
  const all = [...findingsOf(high, ...places), ...findingsOf(low, ...places)].map(({ fingerprint }) => fingerprint);
  expect(new Set(all).size).toBe(10);
  for (const each of all) expect(each).toMatch(/^[0-9a-f]{64}$/);
});

test("don't change with the order of findings", () => {
  expect(fingerprints("must be a", "must be b", "must be c")).toEqual(
    fingerprints("must be c", "must be a", "must be b"),
  );
});

test("don't change with numbers, nor with words", () => {
  const of = (...messages: string[]) => [...fingerprints(...messages).values()];
  expect(of("must be 30 s (it is 29)")).toEqual(of("must be 40 s (it is 7)"));
  expect(of("must be 9 s", "waits 8 s")).toEqual(of("must be 10 s", "waits 7 s"));
});

test("of several on one resource are different", () => {
  expect(new Set(fingerprints("must be a", "must be b").values()).size).toBe(2);
  const [one, other] = findingsOf(high, { message: "same" }, { message: "same" });
  expect(one?.fingerprint).not.toBe(other?.fingerprint);
});

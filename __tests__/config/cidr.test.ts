import fc from "fast-check";
import { isPrivateCidr, overlapping, overlaps, subnetOf } from "../../config/cidr";

const cidr = fc
  .tuple(fc.integer({ min: 16, max: 24 }), fc.integer({ min: 0, max: 255 }))
  .map(([prefix, index]) => subnetOf("10.0.0.0/8", prefix, index % 2 ** (prefix - 8)));

test("pairs that overlap are those that a comparison of all with all finds", () => {
  fc.assert(
    fc.property(fc.array(cidr, { maxLength: 30 }), (list) => {
      const ranges = list.map((text, index) => ({ cidr: text, index }));
      const expected = ranges.flatMap((range) =>
        ranges
          .slice(0, range.index)
          .filter((other) => overlaps(range.cidr, other.cidr))
          .map((other) => `${range.index} ${other.index}`),
      );
      expect(
        overlapping(ranges)
          .map(([a, b]) => `${a.index} ${b.index}`)
          .sort(),
      ).toEqual(expected.sort());
    }),
  );
});

test("subnets of a range lie in it and apart from each other", () => {
  const subnets = [0, 1, 2, 3].map((index) => subnetOf("10.0.0.0/16", 18, index));
  expect(subnets).toEqual(["10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18", "10.0.192.0/18"]);
  expect(() => subnetOf("10.0.0.0/16", 18, 4)).toThrow("10.0.0.0/16 has 4 ranges of /18 (given index 4)");
});

test.each([
  ["10.0.0.0/16", true],
  ["172.31.0.0/16", true],
  ["192.168.0.0/24", true],
  ["10.0.1.0/16", false],
  ["11.0.0.0/16", false],
  ["172.32.0.0/16", false],
  ["10.0.0.0/7", false],
  ["10.0.0.0", false],
  ["10.0.0/16", false],
  ["10.0.0.300/24", false],
  ["::1/64", false],
  ["", false],
])("%j is a private range: %p", (text, expected) => {
  expect(isPrivateCidr(text)).toBe(expected);
});

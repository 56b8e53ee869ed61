import fc from "fast-check";
import { rounds, StreamRun, seen } from "./consumption-run";
import { expectedOf, outcomeOf } from "./expected";
import { operationOf } from "./local-aws";
import { calmTests, loadConsumer, type MakeConsumer, newAws } from "./local-consumer";
import { shards } from "./shards";

jest.setTimeout(180_000);
calmTests();

let makeConsumer: MakeConsumer;
beforeAll(async () => {
  makeConsumer = await loadConsumer();
});

// Few that come again and again, or many: chunks of a hundred actions end anywhere.
const stream = fc.oneof(shards(20, 60), shards(600, 400));
// What fails is made smaller for a while, and not for minutes.
const runs = fc.limitShrink(fc.tuple(stream, rounds, fc.constantFrom(100, 7), fc.scheduler()), 50);

test("STR-03 however batches are split, repeated and lost, aggregates, archive and checkpoints are those of one clean pass", async () => {
  await fc.assert(
    fc.asyncProperty(runs, async ([all, sequence, batchLength, scheduler]) => {
      const aws = newAws();
      aws.dynamo.batchLength = batchLength;
      const run = new StreamRun(all, (network) => makeConsumer(aws, (request) => network.decide(operationOf(request))));
      await run.play(sequence, scheduler);
      const outcome = outcomeOf(aws.dynamo.items, aws.objects.written);
      expect(outcome).toEqual(expectedOf(all));
      await run.repeat();
      expect(outcomeOf(aws.dynamo.items, aws.objects.written)).toEqual(outcome);
    }),
    { numRuns: 80 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});

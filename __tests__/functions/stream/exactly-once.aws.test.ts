import fc from "fast-check";
import { describeWithEmulator } from "../../support/emulator";
import { rounds, StreamRun } from "./consumption-run";
import { type Emulated, startEmulated } from "./emulated";
import { expectedOf } from "./expected";
import { operationOf } from "./local-aws";
import { calmTests, loadConsumer, type MakeConsumer, newAws } from "./local-consumer";
import { shards } from "./shards";

jest.setTimeout(180_000);

describeWithEmulator("the consumer over DynamoDB and S3", () => {
  let emulated: Emulated;
  let makeConsumer: MakeConsumer;
  beforeAll(async () => {
    emulated = await startEmulated();
    makeConsumer = await loadConsumer();
  });
  afterAll(() => emulated.emulator.stop());
  calmTests();

  test("STR-03 however batches are split, repeated and lost, what is left is what one clean pass leaves", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(shards(40, 130), rounds, fc.scheduler(), async (all, sequence, scheduler) => {
        run += 1;
        const elsewhere = { name: `run-${run}`, endpoint: emulated.emulator.endpoint };
        await emulated.create(elsewhere.name);
        const stream = new StreamRun(all, (network) =>
          makeConsumer(newAws(), (request) => network.decide(operationOf(request)), elsewhere),
        );
        await stream.play(sequence, scheduler);
        const outcome = await emulated.outcomeIn(elsewhere.name);
        expect(outcome).toEqual(expectedOf(all));
        await stream.repeat();
        expect(await emulated.outcomeIn(elsewhere.name)).toEqual(outcome);
      }),
      { numRuns: 20 },
    );
  });
});

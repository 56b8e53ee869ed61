/*
 * Properties draw afresh in each run. Where a change of the code is to turn one red (scripts/test-mutations.mjs), they
 * draw from this seed: what was seen red once stays red.
 */
const seed = process.env.TAP_TEST_SEED;
if (seed !== undefined) require("fast-check").configureGlobal({ seed: Number(seed) });

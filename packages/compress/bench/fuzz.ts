// Reads damaged streams of every kind and prints what came of them: `npx tsx --tsconfig ../../tsconfig.json bench/fuzz.ts
// [attempts] [seed]`. It fails at the first error that is no typed one.
import { setup } from '@dgm/core';
import { fuzz } from '../test/fuzz';

const [attempts = 100_000, seed = 0] = process.argv.slice(2).map(Number);
await setup({ backend: 'cpu' });
const before = process.resourceUsage().maxRSS;
const outcomes = fuzz(attempts, {
  seed,
  onProgress: (done) => void process.stderr.write(`\r${done} of ${attempts}`),
});
process.stderr.write('\n');
console.table(
  Object.fromEntries(
    Object.entries(outcomes).map(([name, { errors, milliseconds, ...counts }]) => [
      name,
      { ...counts, ...errors, 'longest ms': Math.ceil(milliseconds) },
    ]),
  ),
);
console.log(
  `memory: ${Math.ceil((process.resourceUsage().maxRSS - before) / 1024)} MiB at most, on top of what codecs take`,
);

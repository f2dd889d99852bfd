// Draws per second of each kind, one core: npx tsx bench/random.ts
import { Key, setup } from '../src/index';

const COUNT = 1_000_000;
const RUNS = 9;

await setup({ backend: 'cpu' });
for (const kind of ['uniform', 'normal', 'exponential', 'logistic', 'gumbel'] as const) {
  const seconds = Array.from({ length: RUNS }, (_, run) => {
    const start = performance.now();
    Key.of(run)[kind]([COUNT]).dispose();
    return (performance.now() - start) / 1000;
  }).sort((a, b) => a - b);
  const [best, median] = [seconds[0]!, seconds[RUNS >> 1]!].map((s) => (COUNT / s / 1e6).toFixed(1));
  console.log(
    `${kind.padEnd(12)} median ${median!.padStart(6)}, best ${best!.padStart(6)} million per second`,
  );
}

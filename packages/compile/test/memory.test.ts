import { expect, it } from 'vitest';
import { compiled } from '../src/index';
import { held } from './support/memory';
import { smallStep, tensors } from './support/small-step';

/** What a leak of one small tensor a step would exceed; `bench/memory.ts` runs for longer. */
const STEPS = 3000;
const LARGEST_GROWTH = { javascript: 0.5, process: 8 };

it('does not grow while it trains', async () => {
  const small = await smallStep(compiled());
  const take = async (count: number) => {
    for (let taken = 0; taken < count; taken += 100) {
      await small.take(100);
      await small.step.drain();
    }
  };
  await take(1000);
  const [before, count] = [await held(), tensors()];
  await take(STEPS);
  const after = await held();
  expect(tensors()).toBe(count);
  expect(after.javascript - before.javascript).toBeLessThan(LARGEST_GROWTH.javascript);
  expect(after.process - before.process).toBeLessThan(LARGEST_GROWTH.process);
  small.dispose();
});

import { describe, expect, it } from 'vitest';
import { median } from '../../statistics/statistics';
import { alternate } from './windows';

describe('alternate', () => {
  it('takes turns, every other round backwards, in windows of the wanted length', async () => {
    const taken: string[] = [];
    const program = (name: string, ms: number) => (n: number) => {
      taken.push(`${name}${n}`);
      return Promise.resolve(n * ms);
    };
    const timings = await alternate([program('a', 5), program('b', 20), program('c', 1000)], {
      seconds: 1e-9,
      windowMs: 100,
      least: 3,
      warmUpMs: 1,
    });
    expect(taken.slice(0, 6)).toEqual(['a3', 'a3', 'b3', 'b3', 'c3', 'c3']);
    expect(taken.slice(6)).toEqual(['a20', 'b5', 'c1', 'c1', 'b5', 'a20', 'a20', 'b5', 'c1']);
    expect(timings.map(({ windows }) => windows)).toEqual([
      [5, 5, 5],
      [20, 20, 20],
      [1000, 1000, 1000],
    ]);
  });

  it('lets each warm up until that has taken its time', async () => {
    let steps = 0;
    const take = (n: number) => {
      steps += n;
      return Promise.resolve(10 * n);
    };
    await alternate([take], { seconds: 1e-9, windowMs: 10, least: 1, warmUpMs: 100 });
    expect(steps).toBe(4 * 3 + 3 + 1);
  });

  it('goes on without one that fails, and ends when all have', async () => {
    let left = 3;
    const failing = () => Promise.resolve(left-- > 0 ? 10 : Number.NaN);
    const broken = () => Promise.resolve(Number.NaN);
    const timings = await alternate([(n) => Promise.resolve(n), failing, broken], { seconds: 1e-9 });
    expect(timings.map(({ windows }) => windows.length)).toEqual([3, 0, 0]);
    expect(await alternate([broken], { seconds: 1000 })).toEqual([{ windows: [] }]);
  });
});

describe('median', () => {
  it('is the middle, or the mean of both', () => {
    expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, Number.NaN]);
  });
});

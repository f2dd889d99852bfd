import {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  piecewiseSchedule,
  warmUpSchedule,
} from '@dgm/core';
import { describe, expect, it } from 'vitest';

describe('schedules', () => {
  it('stay constant', () => expect([0, 9].map(constantSchedule(0.3))).toEqual([0.3, 0.3]));

  it('decay exponentially', () => {
    const schedule = exponentialSchedule(2, { rate: 0.5, steps: 10 });
    expect(schedule(0)).toBe(2);
    expect(schedule(5)).toBeCloseTo(Math.SQRT2, 12);
    expect(schedule(20)).toBe(0.5);
  });

  it('follow a cosine and stay at its end', () => {
    const schedule = cosineSchedule(1, { steps: 100, final: 0.2 });
    [
      [0, 1],
      [50, 0.6],
      [100, 0.2],
      [500, 0.2],
    ].forEach(([step, rate]) => expect(schedule(step!)).toBeCloseTo(rate!, 12));
  });

  it('warm up and hand over', () => {
    const schedule = warmUpSchedule(exponentialSchedule(1, { rate: 0.5, steps: 1 }), { steps: 4 });
    expect([0, 1, 2, 3, 4, 5].map(schedule)).toEqual([0.25, 0.5, 0.75, 1, 1, 0.5]);
    expect(warmUpSchedule(0.1, { steps: 2 })(7)).toBe(0.1);
  });

  it('jump at boundaries', () => {
    const schedule = piecewiseSchedule([3, 5], [1, 0.1, 0.01]);
    expect([0, 2, 3, 4, 5, 99].map(schedule)).toEqual([1, 1, 0.1, 0.1, 0.01, 0.01]);
    expect(() => piecewiseSchedule([3, 3], [1, 2, 3])).toThrow(
      expect.objectContaining({ argument: 'boundaries' }),
    );
    expect(() => piecewiseSchedule([3], [1])).toThrow(expect.objectContaining({ code: 'argument' }));
  });

  it.each<[string, () => unknown]>([
    ['a cosine without steps', () => cosineSchedule(1e-3, { steps: 0 })],
    ['a cosine to a negative rate', () => cosineSchedule(1e-3, { steps: 5, final: -1 })],
    ['an exponential without steps', () => exponentialSchedule(1e-3, { rate: 0.9, steps: 0 })],
    ['an exponential of a negative rate', () => exponentialSchedule(1e-3, { rate: -1, steps: 3 })],
    ['a warm-up of negative steps', () => warmUpSchedule(1e-3, { steps: -3 })],
    ['a piece that is NaN', () => piecewiseSchedule([3], [1e-3, NaN])],
    ['a constant below 0', () => constantSchedule(-1)],
  ])('refuse %s', (_, call) => {
    expect(call).toThrow(expect.objectContaining({ code: 'argument' }));
  });
});

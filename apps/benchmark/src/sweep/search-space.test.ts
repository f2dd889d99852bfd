import { describe, expect, it } from 'vitest';
import { sweepCommand } from './arguments';
import { formatSpace, gridOf, parseSpace, randomSettings } from './search-space';

const spaceOf = (line: string) => parseSpace(line.split(' '), sweepCommand);

describe('a search space', () => {
  it('has every combination on its grid', () => {
    expect(gridOf(spaceOf('learningRate=1e-3,3e-4 width=16,32'))).toEqual([
      { learningRate: 0.001, width: 16 },
      { learningRate: 0.001, width: 32 },
      { learningRate: 0.0003, width: 16 },
      { learningRate: 0.0003, width: 32 },
    ]);
  });

  it('is written as it is read', () => {
    const line = 'learningRate=0.0001..0.01 batchSize=32,64';
    expect(formatSpace(spaceOf(line))).toBe(line);
  });

  it('is drawn from log-uniformly, the same each time, within its range', () => {
    const space = spaceOf('learningRate=1e-4..1e-2 width=16..64 batchSize=32,64');
    const drawn = randomSettings(space, 200, sweepCommand);
    expect(new Set(drawn.map((settings) => JSON.stringify(settings))).size).toBe(200);
    expect(randomSettings(space, 20, sweepCommand)).toEqual(drawn.slice(0, 20));
    const below = (name: string, bound: number) =>
      drawn.filter((settings) => settings[name]! < bound).length / drawn.length;
    // Half of the draws are below the geometric mean of the ends, within three standard deviations.
    expect(Math.abs(below('learningRate', 1e-3) - 0.5)).toBeLessThan(0.11);
    expect(Math.abs(below('width', 32) - 0.5)).toBeLessThan(0.11);
    expect(Math.abs(below('batchSize', 64) - 0.5)).toBeLessThan(0.11);
    for (const { learningRate, width } of drawn) {
      expect(learningRate).toBeGreaterThanOrEqual(1e-4);
      expect(learningRate).toBeLessThanOrEqual(1e-2);
      expect([Number.isInteger(width), width! >= 16, width! <= 64]).toEqual([true, true, true]);
    }
  });

  it.each([
    ['lerningRate=1', 'did you mean "learningRate"'],
    ['learningRate', 'to be NAME=VALUES'],
    ['learningRate=', 'to be NAME=VALUES'],
    ['learningRate=0', 'expected learningRate to be a positive number, got "0"'],
    ['width=1.5', 'expected width to be a positive integer, got "1.5"'],
    ['emaDecay=1', 'to be a number between 0 and 1'],
    ['learningRate=1,1', 'to have different values, got 1 twice'],
    ['width=8 width=16', 'to be given once'],
    ['learningRate=1..1', 'to be a range MIN..MAX, with MIN below MAX'],
    ['learningRate=1..2..3', 'to be a range MIN..MAX'],
    ['learningRate=a..2', 'to be a positive number'],
  ])('is not %s', (line, message) => {
    expect(() => spaceOf(line)).toThrow(message);
  });

  it('has no more different settings than there are', () => {
    expect(randomSettings(spaceOf('width=8,16'), 2, sweepCommand)).toHaveLength(2);
    expect(() => randomSettings(spaceOf('width=8,16'), 3, sweepCommand)).toThrow('3 of 2');
  });
});

import { DgmError, Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { examples } from '../../test/fixtures/examples';
import { fixture } from '../../test/fixtures/read';
import { joined, readContainer, Reader, varint, writeContainer } from '../files/container';
import { factorizedEntropy } from '../lossy/factorized';
import { neuralCompressor } from '../lossy/neural-compressor';
import { imageCodec } from './image-codec';
import { neuralCodec } from './neural-codec';
import { decodeFile, decodeWith, inspectFile, readCodec } from './read-codec';

// Tiles of 3 x 3 with 5 levels.
const codec = readCodec(fixture('wavenet-v1.model'));
const images = imageCodec(codec);

const failure = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (DgmError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
};

function noise(shape: readonly number[], levels: number): { values: Int32Array; shape: readonly number[] } {
  const random = Key.of(1).generator();
  const length = shape.reduce((product, side) => product * side, 1);
  return { values: Int32Array.from({ length }, () => random.below(levels)), shape };
}

it.each([[[1, 1]], [[3, 3]], [[6, 9]], [[4, 5]], [[2, 7]], [[10, 1]]])('gives back images of %j', (shape) => {
  const image = noise(shape, 5);
  const file = images.encode(image);
  expect(images.decode(file)).toEqual(image);
  expect(decodeWith(codec, file)).toEqual(image);
  const whole = images.encode(image, { includeModel: true });
  expect(decodeFile(whole)).toEqual(image);
  expect(inspectFile(whole)).toMatchObject({
    method: 'image',
    count: 1,
    modelHash: codec.modelHash.subarray(0, 8),
  });
});

it('codes tiles in row-major order, and repeats the edge of the image', () => {
  const image = noise([3, 5], 5);
  const at = (row: number, column: number) => image.values[5 * row + column]!;
  const tiles = [0, 3].flatMap((left) =>
    [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => at(row, Math.min(left + column, 4)))),
  );
  const reader = new Reader(readContainer(images.encode(image)).message);
  expect([reader.varint(), reader.varint()]).toEqual([3, 5]);
  expect(reader.rest()).toEqual(codec.encode(tiles));
});

it('cuts colour images for a lossy codec, and passes its rate on', () => {
  const model = neuralCompressor({
    eventShape: [2, 2, 3],
    encoder: (x) => tf.reshape(x, [-1, 12]),
    decoder: (y) => tf.reshape(y, [-1, 2, 2, 3]),
    entropyModel: factorizedEntropy({ size: 12, channels: 3, rates: 2 }),
    channels: 3,
    beta: [1, 1 / 16],
  });
  const lossy = imageCodec(neuralCodec(model, { rows: 4 }));
  const image = noise([5, 3, 3], 16);
  const coarse = lossy.decode(lossy.encode({ ...image, values: image.values.map((value) => value + 0.3) }));
  expect(coarse.shape).toEqual([5, 3, 3]);
  expect(coarse.values).toEqual(Float32Array.from(image.values));
  const file = lossy.encode(
    { ...image, values: Array.from(image.values, (value) => value + 0.25) },
    { rate: 1 },
  );
  expect(lossy.decode(file).values).toEqual(Float32Array.from(image.values, (value) => value + 0.25));
  model.dispose();
});

it('refuses images and codecs that do not fit', () => {
  const refusal = (shape: readonly number[], length: number) =>
    failure(() => images.encode({ values: new Int32Array(length), shape }));
  expect(refusal([3, 3, 1], 9)).toMatch(/^shape: .*\[height, width\]/);
  expect(refusal([3, 3], 8)).toMatch(/^shape: .*8 values/);
  expect(refusal([0, 3], 0)).toMatch(/^shape/);
  expect(refusal([1.5, 2], 3)).toMatch(/^shape/);
  expect(failure(() => images.encode({ values: [7], shape: [1, 1] }))).toMatch(/^domain/);
  expect(failure(() => images.encode({ values: [1], shape: [1, 1] }, { rows: 3 } as object))).toMatch(
    /^argument: .*rows/,
  );
  expect(failure(() => imageCodec(undefined as never))).toMatch(/^argument/);
  const flat = { ...codec, eventShape: [9] };
  expect(failure(() => imageCodec(flat as never))).toMatch(/^unsupported: .*\[9\]/);
});

it('refuses files of other kinds, and sizes that do not fit the tiles', () => {
  const file = images.encode(noise([4, 5], 5));
  expect(failure(() => images.decode(codec.encode(examples)))).toMatch(/^serialization/);
  expect(failure(() => codec.decode(file))).toMatch(/^serialization/);
  expect(failure(() => images.decode(file, { maxValues: 35 }))).toMatch(/^serialization: .*raise maxValues/);
  expect(images.decode(file, { maxValues: 36 }).shape).toEqual([4, 5]);
  const outer = readContainer(file);
  const reader = new Reader(outer.message);
  reader.varint();
  reader.varint();
  const inner = reader.rest();
  for (const [height, width] of [
    [7, 5],
    [3, 5],
    [0, 5],
    [4, 0],
    [2 ** 40, 2 ** 40],
    [1, 2 ** 20],
  ] as const) {
    const message = joined([varint(height), varint(width), inner]);
    expect(failure(() => images.decode(writeContainer({ ...outer, message })))).toMatch(/^serialization/);
  }
});

import { DgmError, readSafetensors, sha256, writeSafetensors } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { traceProgram } from '../evaluator/trace';
import { readContainer, writeContainer } from '../files/container';
import { readModelFile, writeModelFile } from '../files/model-file';
import { decodeFile, inspectFile, readCodec } from './read-codec';
import { examples } from '../../test/fixtures/examples';
import { fixture } from '../../test/fixtures/read';

const model = fixture('wavenet-v1.model');
const file = fixture('wavenet-v1.dgmc');

const failure = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (DgmError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'none';
};

describe('the files of version 1', () => {
  it('decode to what went in, and are written again', () => {
    const codec = readCodec(model);
    expect(codec.method).toBe('autoregressive');
    expect(codec.decode(file)).toEqual({ values: examples, shape: [10, 3, 3] });
    expect(codec.encode(examples)).toEqual(file);
    expect(codec.modelHash).toEqual(sha256(model));
    expect(codec.toBytes()).toEqual(model);
  });

  it('decode by themselves with the model inside', () => {
    const whole = readCodec(model).encode(examples, { includeModel: true });
    expect(whole.length).toBeGreaterThan(model.length);
    expect(decodeFile(whole).values).toEqual(examples);
    expect(failure(() => decodeFile(file))).toContain('to hold its model');
    const facts = { method: 'autoregressive', count: 10, modelHash: sha256(model).subarray(0, 8) };
    expect(inspectFile(whole)).toEqual({ ...facts, model });
    expect(inspectFile(file)).toEqual({ ...facts, model: undefined });
  });

  it('report their progress', () => {
    const done: number[] = [];
    readCodec(model).decode(file, { onProgress: (count, total) => done.push(count / total) });
    expect(done).toEqual([0.4, 0.8, 1]);
  });
});

describe('a codec', () => {
  it('refuses a file of a model whose last bit of one weight is another', () => {
    const { tensors, metadata } = readSafetensors(model);
    const [name, weight] = [...tensors].find(([, { values }]) => values.length > 10)!;
    const values = Float32Array.from(weight.values);
    new Uint8Array(values.buffer)[0]! ^= 1;
    const other = readCodec(
      writeSafetensors({ metadata, tensors: new Map([...tensors, [name, { ...weight, values }]]) }),
    );
    expect(failure(() => other.decode(file))).toContain('to be written with this model, got another model');
  });

  it('survives files whose checksum was forged: a typed error, or other values', () => {
    const codec = readCodec(model);
    const container = readContainer(file);
    for (let at = 0; at < 2 * container.message.length; at++) {
      const message = container.message.slice(0, at % 2 === 0 ? undefined : at >> 1);
      if (at % 2 === 0) message[at >> 1]! ^= 1 << ((at >> 1) % 8);
      const outcome = failure(() => codec.decode(writeContainer({ ...container, message })));
      expect(outcome === 'none' || outcome.startsWith('serialization')).toBe(true);
    }
    for (const count of [0, 11, 1e6, 2 ** 40]) {
      const outcome = failure(() =>
        codec.decode(writeContainer({ ...container, count }), { maxValues: 1e5 }),
      );
      expect(outcome).toMatch(/^serialization/);
    }
  });

  it('refuses unknown options', () => {
    const codec = readCodec(model);
    expect(failure(() => codec.encode(examples, { includeModels: true } as never))).toMatch(/^argument/);
    expect(failure(() => codec.decode(file, { max: 1 } as never))).toMatch(/^argument/);
  });
});

describe("a model's file", () => {
  it('keeps infinite bounds', () => {
    const clip = traceProgram(({ x }) => ({ y: tf.clipByValue(x!, -Infinity, Infinity) }), {
      x: { shape: [2] },
    });
    const { programs } = readModelFile(writeModelFile({ method: '', settings: {}, programs: { clip } }));
    expect([...programs['clip']!.run({ x: [-7, 7] })['y']!]).toEqual([-7, 7]);
  });

  const { tensors, metadata } = readSafetensors(model);
  const changed = (change: Readonly<Record<string, string>>) =>
    failure(() => readCodec(writeSafetensors({ tensors, metadata: { ...metadata, ...change } })));
  const program = JSON.parse(metadata['programs']!) as Record<
    string,
    { instructions: object[]; values: object[] }
  >;
  const withStart = (change: object) =>
    changed({ programs: JSON.stringify({ ...program, start: { ...program['start'], ...change } }) });

  it.each([
    ['cut short', () => failure(() => readCodec(model.subarray(0, 1000)))],
    ['of another format', () => changed({ format: 'dgm.weights' })],
    ['of a later version', () => changed({ version: '2' })],
    ['of an unknown method', () => changed({ method: 'magic' })],
    ['with settings that are no JSON', () => changed({ settings: '{' })],
    [
      'with a wrong order',
      () => changed({ settings: metadata['settings']!.replace('"order":[0,', '"order":[8,') }),
    ],
    [
      'with too many rows',
      () => changed({ settings: metadata['settings']!.replace('"rows":4', '"rows":5') }),
    ],
    ['without programs', () => changed({ programs: '{}' })],
    ['with programs that are no objects', () => changed({ programs: '{"start":3,"next":4}' })],
    [
      'with an unknown operation',
      () => withStart({ instructions: [{ operation: { op: 'call' }, inputs: [], output: 0 }] }),
    ],
    ['with values that nothing makes', () => withStart({ instructions: [] })],
    [
      'with values of a negative size',
      () => withStart({ values: program['start']!.values.map(() => ({ shape: [-1], type: 'float32' })) }),
    ],
    [
      'with values beyond all memory',
      () => withStart({ values: program['start']!.values.map(() => ({ shape: [1e9], type: 'float32' })) }),
    ],
    ['with constants that are not there', () => withStart({ constants: { 0: 'nothing' } })],
  ])('is refused: %s', (_, act) => expect(act()).toMatch(/^serialization/));

  it('is refused with any operation that reads nothing', () => {
    const { instructions } = program['next']!;
    const outcomes = instructions.map((bare) => {
      const others = instructions.map((one) => (one === bare ? { ...one, inputs: [] } : one));
      const next = { ...program['next'], instructions: others };
      return changed({ programs: JSON.stringify({ ...program, next }) });
    });
    for (const outcome of outcomes) expect(outcome).toMatch(/^serialization/);
  });
});

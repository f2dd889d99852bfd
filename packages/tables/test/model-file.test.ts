import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Key, readSafetensors, writeSafetensors, type TensorFile } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { load, loaded, readDamaged } from './damaged-files';
import expected from './fixtures/table-v1.json';
import { smallTable } from './small-table';

const bytes = new Uint8Array(await readFile(new URL('fixtures/table-v1.dgm', import.meta.url)));

it('of the first version is read, to the same likelihoods', async () => {
  const { model } = await load(bytes);
  const { rows } = await model.score(smallTable(20));
  rows.forEach((value, row) => expect(value).toBeCloseTo(expected[row]!, 3));
  expect(model.training).toMatchObject({ rows: 192, nats: 15, baselines: { trees: { nats: 14 } } });
  model.dispose();
});

describe('a damaged model file', () => {
  const random = Key.of(1).generator();

  it('is refused at 9000 flipped bits and 1000 truncations', async () => {
    expect(await readDamaged(bytes, 10_000, { seed: 1 })).toBe(0);
  });

  // Whoever forges a file writes its checksum and hash anew.
  it('is a model or refused where the text of its architecture is another one', async () => {
    const { tensors, metadata } = readSafetensors(bytes);
    const architecture = JSON.parse(metadata['architecture']!) as {
      parts: { name: string; args: unknown[] }[];
    };
    const part = (name: string) => architecture.parts.find((each) => each.name === name)!;
    const [codec, model] = [part('tableCodec'), part('tableModel')];
    const texts = [codec.args[0] as string, model.args[1] as string];
    let models = 0;
    for (let count = 0; count < 250; count++) {
      codec.args[0] = count % 2 === 0 ? changed(texts[0]!, random) : texts[0]!;
      model.args[1] = count % 2 === 0 ? texts[1]! : changed(texts[1]!, random);
      models += await loaded(forged({ tensors, metadata }, JSON.stringify(architecture)));
    }
    expect(models).toBeLessThan(200);
  });
});

/** A JSON text with another value in one of its places. */
function changed(text: string, random: ReturnType<Key['generator']>): string {
  const root = { value: JSON.parse(text) as unknown };
  let parent = root as Record<string, unknown>;
  let name = 'value';
  while (typeof parent[name] === 'object' && parent[name] !== null && random.uniform() < 0.9) {
    const next = parent[name] as Record<string, unknown>;
    const names = Object.keys(next);
    if (names.length === 0) break;
    [parent, name] = [next, names[random.below(names.length)]!];
  }
  const others = [null, -1, 0, 0.5, 1e300, 2 ** 31, 'x', '', true, [], {}, [1, 2, 3]];
  parent[name] = others[random.below(others.length)];
  return JSON.stringify(root.value);
}

/** A file with another architecture, and the hash that belongs to it. */
function forged({ tensors, metadata }: TensorFile, architecture: string): Uint8Array {
  const names = [...tensors.keys()].sort();
  const layout = names.map((name) => [name, tensors.get(name)!.dtype, tensors.get(name)!.shape]);
  const hash = createHash('sha256').update(JSON.stringify([architecture, metadata['frozen'], layout]));
  for (const name of names) {
    const { buffer, byteOffset, byteLength } = tensors.get(name)!.values;
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return writeSafetensors({ tensors, metadata: { ...metadata, architecture, hash: hash.digest('hex') } });
}

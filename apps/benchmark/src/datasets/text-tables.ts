import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ArgumentError, checkOneOf, SerializationError } from '@dgm/core';
import { parseTextTable, type TextTable } from '@dgm/data';

/** The tables that claims are measured on and models of the site are trained on, by the hash of their text. */
const tables: Readonly<Record<string, string>> = {
  diamonds: '0e7164799468299f8dc09b006cf396c43717c3dc71f947f0a32cc6e199895b46',
  credit: '43c83a4630f1995f00b456becc4a84219616a2f2bae445e86c706264cc9050a4',
  penguins: '13b440324d357d38403d37745ac42f3da717176f24688cd096f23dd5d890bcf5',
};

/**
 * A table of text, from `tables/<name>.csv.gz` in a folder of data.
 * @throws ArgumentError without a folder, SerializationError if the file is not the published one
 */
export async function loadTextTable(name: string, folder: string | undefined): Promise<TextTable> {
  checkOneOf('dgm-bench', 'table', name, Object.keys(tables));
  if (folder === undefined) {
    throw new ArgumentError({
      where: 'dgm-bench',
      argument: '--data-dir',
      expected: `to be the folder that holds tables/${name}.csv.gz`,
      actual: 'none',
    });
  }
  const file = path.join(folder, 'tables', `${name}.csv.gz`);
  const text = gunzipSync(await readFile(file));
  const hash = createHash('sha256').update(text).digest('hex');
  if (hash !== tables[name]) {
    throw new SerializationError({
      where: 'dgm-bench',
      argument: file,
      expected: `to have the hash ${tables[name]}`,
      actual: hash,
    });
  }
  return parseTextTable(text);
}

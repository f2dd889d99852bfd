import { DgmError } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { parseJsonLines, readJsonLines, streamJsonLines } from './json-lines';
import { parseTextTable } from './text/read-text-table';
import type { TextTable } from './text/text-table';
import type { StreamSource } from '../internal/files';

describe('parseJsonLines', () => {
  it('keeps numbers as they stand, and leaves cells empty that are null or not there', () => {
    const table = parseJsonLines(
      '{"id": 123456789012345678, "price": 1.50, "name": "a, \\"b\\" \\u00e9}"}\r\n\n{"sold":true,"price":null}\n{ "price" : -1e-3 , "id":7 }',
    );
    expect(table.columns.map(({ name }) => name)).toEqual(['id', 'price', 'name', 'sold']);
    const rows = [0, 1, 2].map((row) => table.columns.map((column) => column.text(row)));
    expect(rows).toEqual([
      ['123456789012345678', '1.50', 'a, "b" é}', ''],
      ['', '', '', 'true'],
      ['7', '-1e-3', '', ''],
    ]);
    const again = parseTextTable(table.toBytes());
    expect(again.column('name').text(0)).toBe('a, "b" é}');
  });

  it('takes names such as __proto__ for what they are', () => {
    const table = parseJsonLines('{"__proto__": 1, "constructor": "x"}\n');
    expect(table.columns.map((column) => [column.name, column.text(0)])).toEqual([
      ['__proto__', '1'],
      ['constructor', 'x'],
    ]);
  });

  it.each([
    ['text that is not JSON', '{"a": 1}\n{"a": }\n', /line 2.*JSON/],
    ['a list', '[1, 2]\n', /line 1.*object/],
    ['a nested value', '{"a": 1, "b": {"c": 2}}\n', /line 1.*"b"/],
    ['a name twice', '{"a": 1, "a": 2}\n', /line 1.*"a" once/],
    ['no lines', '\n', /object/],
    ['objects without names', '{}\n', /name/],
    ['other bytes', Uint8Array.of(0x7b, 0xff), /UTF-8/],
    ['half of a character', Uint8Array.of(0xc3), /UTF-8/],
  ])('refuses %s', (_what, text, message) => {
    const read = () => parseJsonLines(text);
    expect(read).toThrow(message);
    expect(read).toThrow(expect.toSatisfy((error) => DgmError.is(error, 'serialization')));
  });
});

describe('readJsonLines', () => {
  it('reads a file that comes in pieces, cut anywhere', async () => {
    const bytes = new TextEncoder().encode('{"a":"é","b":12}\n{"a":"ü","b":34}\n');
    const pieces = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const table = await readJsonLines({ stream: () => pieces, name: 'pieces.jsonl' } as unknown as Blob);
    expect(table.toString()).toBe('a,b\né,12\nü,34\n');
  });
});

describe('streamJsonLines', () => {
  const lines = Array.from({ length: 5000 }, (_, row) =>
    row === 4999 ? '{"size":1e3,"last":"é"}' : `{"name":"n${row}","size":${row}.50}`,
  );

  it('gives all columns in every piece, also one that the last line names', async () => {
    const pieces: TextTable[] = [];
    for await (const piece of streamJsonLines(new Blob([lines.join('\n')]), { rows: 1000 })) {
      pieces.push(piece);
    }
    expect(pieces.length).toBeGreaterThan(1);
    const whole = parseJsonLines(lines.join('\n'));
    expect(pieces[0]!.columns.map(({ name }) => name)).toEqual(['name', 'size', 'last']);
    expect(pieces.map((piece) => piece.body().toString()).join('')).toBe(whole.body().toString());
  });

  it('gives fewer rows at a time where they are long', async () => {
    const line = new TextEncoder().encode(`{"text":"${'x'.repeat(2 ** 20)}"}\n`);
    const stream = () => {
      let left = 20;
      return new ReadableStream<Uint8Array>({
        pull: (controller) => (left-- > 0 ? controller.enqueue(line) : controller.close()),
      });
    };
    const counts: number[] = [];
    for await (const { count } of streamJsonLines({ stream })) counts.push(count);
    expect(counts).toEqual([8, 8, 4]);
  });

  it('refuses a fault wherever it is, and a source that changes between its two readings', async () => {
    const read = async (source: StreamSource) => {
      let rows = 0;
      for await (const table of streamJsonLines(source, { rows: 1 })) rows += table.count;
      return rows;
    };
    await expect(read(new Blob([...lines.map((line) => `${line}\n`), '{"a": }']))).rejects.toThrow(
      /streamJsonLines: .*line 5001 to be JSON/,
    );
    await expect(read(new Blob(['\n']))).rejects.toThrow(/an object with a name/);
    let opened = 0;
    const changing = { name: 'x', stream: () => new Blob([`{"a${opened++}":1}`]).stream() };
    await expect(read(changing)).rejects.toThrow(
      /x, line 1 to hold what it held before, got another name, "a1"/,
    );
  });
});

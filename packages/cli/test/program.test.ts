import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { inspectFile } from '@dgm/compress';
import { loadModel } from '@dgm/core/node';
import { parseTextTable } from '@dgm/data';
import type { TableModel } from '@dgm/tables';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../src/program';

let folder: string;
const file = (name: string) => path.join(folder, name);

/** Runs a command line. */
async function dgm(
  argv: readonly string[],
  stdin: string | Buffer = '',
  onInterrupt: (stop: () => void) => void = () => undefined,
) {
  const text = { stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') =>
    new Writable({
      write(piece: Buffer, _encoding, done) {
        text[name] += piece.toString();
        done();
      },
    });
  const streams = {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: into('stdout'),
    stderr: into('stderr'),
    onInterrupt,
  };
  return { status: await run(argv, streams), ...text };
}

const cars = `fuel,price,seats\n${Array.from({ length: 200 }, (_, row) => {
  const isDiesel = row % 3 === 0;
  const price = (isDiesel ? 9000 : 5000) + 37 * ((row * 7) % 50);
  return `${isDiesel ? 'diesel' : 'petrol'},${row % 13 === 0 ? '' : price},${row % 5 === 0 ? 2 : 4}`;
}).join('\n')}\n`;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dgm-cli-'));
  await writeFile(file('cars.csv'), cars);
  const trained = await dgm(['train', file('cars.csv'), '-o', file('cars.dgm'), '--steps', '120', '--json']);
  expect(trained.status, trained.stderr).toBe(0);
  expect(trained.stderr).toMatch(/step 12 of 120, [\d.]+ nats, (\d+ min )?\d+ s left/);
  expect(JSON.parse(trained.stdout)).toMatchObject({ seed: 0, steps: 120, rows: 160 });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('dgm compress', () => {
  it('writes a file that decompress turns into the same bytes, with the model or by itself', async () => {
    const written = await dgm(['compress', file('cars.dgm'), file('cars.csv'), '-o', file('cars.dgmc')]);
    const { length } = await readFile(file('cars.dgmc'));
    const brotli = brotliCompressSync(cars).length;
    expect([written.status, written.stderr]).toEqual([
      0,
      expect.stringContaining(
        `${length} bytes, ${((8 * length) / 200).toFixed(1)} bits a row; the text has ${cars.length}, ${brotli} by brotli`,
      ),
    ]);
    expect(length).toBeLessThan(0.8 * gzipSync(cars).length);
    const read = await dgm(['decompress', file('cars.dgmc'), '-m', file('cars.dgm')]);
    expect([read.status, read.stdout]).toEqual([0, cars]);
    const whole = ['compress', file('cars.dgm'), file('cars.csv'), '--include-model', '-o', file('w.dgmc')];
    const { status, stderr } = await dgm(whole);
    expect(status).toBe(0);
    const both = await readFile(file('w.dgmc'));
    const model = inspectFile(both).model!.length;
    const pays = (bytes: number) =>
      `The model of ${model} bytes pays from ${Math.ceil(model / ((brotli - bytes) / 200))} rows on, if it is inside.`;
    expect(written.stderr).toContain(pays(length));
    expect(stderr).toContain(pays(both.length - model));
    expect((await dgm(['decompress', file('w.dgmc'), '-o', file('w.csv')])).status).toBe(0);
    expect(await readFile(file('w.csv'), 'utf8')).toBe(cars);
  });

  it('refuses a file without its model, one that is none, and a table of other columns', async () => {
    await writeFile(file('other.csv'), 'price,fuel,seats\n1,diesel,2\n');
    await dgm(['compress', file('cars.dgm'), file('cars.csv'), '-o', file('cars.dgmc')]);
    const refused = async (...argv: string[]) => {
      const { status, stderr } = await dgm(argv);
      return `${status} ${stderr}`;
    };
    expect(await refused('decompress', file('cars.dgmc'))).toMatch(/^2 .*--model/s);
    expect(await refused('decompress', file('cars.csv'))).toMatch(/^1 .*DGMC/s);
    expect(await refused('compress', file('cars.dgm'), file('other.csv'))).toMatch(/^2 .*"price","fuel"/s);
  });
});

describe('dgm', () => {
  it('inspects a table, and prints a schema that train takes', async () => {
    expect((await dgm(['inspect', file('cars.csv')])).stdout).toMatch(
      /^fuel +category .*\nprice +integer +16 missing/,
    );
    await writeFile(
      file('cars.jsonl'),
      '{"fuel":"diesel","price":9000}\n{"fuel":"petrol"}\n{"fuel":"diesel"}\n',
    );
    expect((await dgm(['inspect', file('cars.jsonl')])).stdout).toMatch(/price .*2 missing/);
    const { stdout } = await dgm(['inspect', '-', '--json'], cars);
    expect(JSON.parse(stdout)).toMatchObject({ format: 'dgm.table-schema' });
  });

  it('reads tables of all forms from stdin', async () => {
    for (const text of [cars, gzipSync(cars), '{"fuel":"diesel","price":1}\n{"fuel":"petrol"}\n']) {
      expect((await dgm(['inspect', '-'], text)).stdout).toMatch(/^fuel .*\nprice /);
    }
    const parquet = new URL('../../data/test/golden/parquet/gzip.parquet', import.meta.url).pathname;
    const { stdout } = await dgm(['inspect', parquet]);
    expect(stdout).toMatch(/^id .*\nprice +integer +9 missing/);
    expect((await dgm(['inspect', '-'], await readFile(parquet))).stdout).toBe(stdout);
  });

  it('says what a model is, and how good it is beside simple ones', async () => {
    const { stdout } = await dgm(['info', file('cars.dgm')]);
    expect(stdout).toMatch(/160 rows, 120 steps, seed 0/);
    const [nats, trees, independent] = /^a row +([\d.]+) +([\d.]+) +([\d.]+)$/m
      .exec(stdout)!
      .slice(1)
      .map(Number);
    expect(trees).toBeLessThan(independent!);
    // So few steps are not enough.
    expect(nats).toBeGreaterThan(trees!);
    expect(stdout).toMatch(/The trees fit at least as well: train longer/);
  });

  it('goes on with a training that was interrupted, to the same model', async () => {
    const command = ['train', file('cars.csv'), '-o', file('again.dgm'), '--steps', '120'];
    const early = await dgm([...command, '--resume']);
    expect([early.status, early.stderr]).toEqual([2, expect.stringMatching(/--resume to follow/)]);
    // Ctrl-C right after the start: a step is made, and the state is written.
    const stopped = await dgm(command, '', (stop) => setTimeout(stop));
    expect([stopped.status, stopped.stderr]).toEqual([0, expect.stringMatching(/To go on, add --resume/)]);
    expect((await dgm(['info', file('again.dgm')])).stdout).not.toMatch(/120 steps/);
    expect((await dgm([...command, '--resume'])).status).toBe(0);
    const scores = await Promise.all(
      ['cars.dgm', 'again.dgm'].map((name) => dgm(['score', file(name), file('cars.csv')])),
    );
    expect(scores[1]!.stdout).toBe(scores[0]!.stdout);
    expect(await readdir(folder)).not.toContain('again.dgm.training');
  });

  it('trains models of other kinds, which refuse what they cannot do', async () => {
    const out = file('trees.dgm');
    const trained = await dgm(['train', file('cars.csv'), '--model', 'trees', '-o', out, '--json']);
    expect(JSON.parse(trained.stdout)).toMatchObject({ kind: 'trees', steps: 0, rows: 160 });
    expect(trained.stderr).not.toMatch(/impute|at least as well/);
    expect((await dgm(['info', out])).stdout).toMatch(/\ntrees: 160 rows, 0 steps, seed 0\n/);
    expect((await dgm(['score', out, file('cars.csv'), '--cells'])).stdout).toMatch(
      /^logProb,fuel,price,seats\n-/,
    );
    const drawn = await dgm(['sample', out, '-n', '5', '--given', 'seats=2']);
    expect(drawn.stdout.match(/,2\n/g)).toHaveLength(5);
    expect(drawn.stderr).toMatch(/The conditions make the rows worth \d\.\d of 5/);
    for (const command of [
      ['impute', out, file('cars.csv')],
      ['compress', out, file('cars.csv')],
      ['export', out],
    ]) {
      const { status, stderr } = await dgm(command);
      expect([status, stderr]).toEqual([1, expect.stringMatching(/--model any-order/)]);
    }
  });

  it('chooses the kind of a model, and says among which', async () => {
    const command = ['train', file('cars.csv'), '--model', 'auto', '--steps', '4', '-o', file('auto.dgm')];
    const { stderr } = await dgm(command);
    for (const kind of ['any-order', 'vae', 'flow', 'diffusion']) {
      expect(stderr).toContain(`${kind}: step 4 of 4`);
      expect(stderr).toMatch(new RegExp(`${kind} +${kind === 'any-order' ? '' : 'at most '}[\\d.]+ ±`));
    }
    expect(stderr).toMatch(/Nats of a validation row:\ntrees +[\d.]+ ± [\d.]+ +chosen\n/);
    expect((await dgm(['info', file('auto.dgm')])).stdout).toMatch(/Nats of a validation row:\ntrees/);
  });

  it('scores and draws with a model of whole rows, whose file names its family', async () => {
    const out = file('flow.dgm');
    const trained = await dgm(['train', file('cars.csv'), '--model', 'flow', '--steps', '4', '-o', out]);
    expect(trained.stderr).toMatch(/fuel +- +[\d.]+.*The model: at most [\d.]+ ±/s);
    expect((await dgm(['sample', out, '-n', '3'])).stdout).toMatch(/^fuel,price,seats\n(\w+,\d*,\d+\n){3}$/);
    expect((await dgm(['score', out, file('cars.csv')])).stdout.trim().split('\n')).toHaveLength(201);
    const cells = await dgm(['score', out, file('cars.csv'), '--cells']);
    expect([cells.status, cells.stderr]).toEqual([2, expect.stringMatching(/--cells.*any-order, or trees/)]);
    const given = await dgm(['sample', out, '--given', 'seats=2']);
    expect([given.status, given.stderr]).toEqual([1, expect.stringMatching(/for conditions/)]);
  });

  it('refuses a place for the model before it trains', async () => {
    for (const out of [folder, file('nowhere/cars.dgm')]) {
      const refused = await dgm(['train', file('cars.csv'), '--out', out]);
      expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/--out .*can be written/)]);
    }
  });

  it('prints scripts that complete commands and options', async () => {
    const { stdout } = await dgm(['completion', 'bash']);
    const complete = (...words: string[]) =>
      execFileSync(
        'bash',
        [
          '-c',
          `${stdout}\nCOMP_WORDS=(${words.join(' ')}) COMP_CWORD=${words.length - 1}\n_dgm; echo "\${COMPREPLY[@]}"`,
        ],
        { encoding: 'utf8' },
      ).trim();
    expect(complete('dgm', 'ev')).toBe('evaluate');
    expect(complete('dgm', 'train', '--mi')).toBe('--minutes');
    expect((await dgm(['completion', 'zsh'])).stdout).toContain(stdout);
    expect((await dgm(['completion', 'fish'])).stdout).toMatch(
      /__fish_seen_subcommand_from train' -l minutes/,
    );
    expect((await dgm(['completion', 'tcsh'])).status).toBe(2);
  });

  it('draws rows under conditions, as many as there are wanted', async () => {
    const command = ['sample', file('cars.dgm'), '-n', '6', '--given', 'fuel=diesel', 'price=8000..9999'];
    const { status, stdout } = await dgm(command);
    const [header, ...rows] = stdout.trim().split('\n');
    expect([status, header]).toEqual([0, 'fuel,price,seats']);
    expect(rows).toHaveLength(6);
    for (const row of rows) expect(row).toMatch(/^diesel,(8|9)\d{3},\d+$/);
    expect((await dgm(command)).stdout).toBe(stdout);
    // A row is the same however many there are.
    const few = await dgm([
      'sample',
      file('cars.dgm'),
      '-n',
      '2',
      '--given',
      'fuel=diesel',
      'price=8000..9999',
    ]);
    expect(few.stdout).toBe(`${[header, ...rows.slice(0, 2)].join('\n')}\n`);
    const ranges = await dgm([...command.slice(0, -2), 'fuel=diesel|petrol', 'price=8000..9999']);
    expect(ranges.stderr).toMatch(/make the rows worth [1-5]\.\d of 6/);
    await writeFile(file('like.csv'), 'seats,price\n2,\n4,5037\n');
    const like = await dgm(['sample', file('cars.dgm'), '--like', file('like.csv')]);
    expect(like.stdout).toMatch(/^fuel,price,seats\n\w+,\d*,2\n\w+,5037,4\n$/);
  });

  it('scores rows and cells, also of stdin', async () => {
    const { stdout } = await dgm(['score', file('cars.dgm'), '-', '--cells'], cars);
    const lines = stdout.trim().split('\n');
    expect(lines[0]).toBe('logProb,fuel,price,seats');
    expect(lines).toHaveLength(201);
    const [row, ...cells] = lines[1]!.split(',').map(Number);
    expect(cells.reduce((sum, cell) => sum + cell, 0)).toBeCloseTo(row!, 3);
  });

  it('explains a row', async () => {
    const odd = 'fuel,price,seats\npetrol,11111,4\n';
    const { stdout } = await dgm(['explain', file('cars.dgm'), '-', '--row', '1', '--cells', '2'], odd);
    expect(stdout).toMatch(/^row 1 {2}\w+ +\w+ +expected .* nats\n/);
    const rows = ['--row', '150', '--row', '2', '--cells', '1'];
    const others = await dgm(['explain', file('cars.dgm'), file('cars.csv'), ...rows]);
    expect(others.stdout).toMatch(/^row 150 .*\nrow 2 .*\n$/);
    const none = await dgm(['explain', file('cars.dgm'), file('cars.csv'), '--row', '201']);
    expect([none.status, none.stderr]).toEqual([2, expect.stringMatching(/to be at most 200, got 201/)]);
  });

  it('goes through tables of all forms in pieces, to the same rows', async () => {
    const [header, ...lines] = cars.trimEnd().split('\n');
    const names = header!.split(',');
    const objects = lines.map((line) =>
      JSON.stringify(Object.fromEntries(line.split(',').map((cell, at) => [names[at]!, cell]))),
    );
    await writeFile(file('cars.ndjson'), objects.join('\n'));
    const scores = await Promise.all(
      ['cars.csv', 'cars.ndjson'].map((name) => dgm(['score', file('cars.dgm'), file(name)])),
    );
    expect(scores[1]!.stdout).toBe(scores[0]!.stdout);
    const stdin = await dgm(['score', file('cars.dgm'), '-'], objects.join('\n'));
    expect(stdin.stdout).toBe(scores[0]!.stdout);
  });

  it('fills gaps, and leaves all else as it is', async () => {
    const { stdout } = await dgm(['impute', file('cars.dgm'), file('cars.csv')]);
    const [before, after] = [cars.split('\n'), stdout.split('\n')];
    before.forEach((line, row) => {
      if (line.includes(',,')) expect(after[row]).toMatch(/^\w+,\d+,\d$/);
      else expect(after[row]).toBe(line);
    });
  });

  it('evaluates a model on the rows that were held out', async () => {
    const { stdout, stderr } = await dgm(['evaluate', file('cars.dgm'), '--train', file('cars.csv')]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /nats a held-out row\n.*by trees.*\n.*by histograms.*\n.*AUROC.*\n.*copies of training rows.*\n.*nearer/,
    );
    expect(stdout).toMatch(/\nfuel( +[\d.]+){4} +AUROC [\d.]+ +[\d.]+\n/);
    expect(stdout).toMatch(/Warning: There are only \d+ held-out rows/);
  });

  it('writes a page about a model, which needs no other files', async () => {
    const { status, stdout, stderr } = await dgm(['report', file('cars.dgm'), '--train', file('cars.csv')]);
    expect([status, stdout, stderr]).toEqual([0, '', expect.stringMatching(/^Warning: .*cars\.html\n$/s)]);
    const page = await readFile(file('cars.html'), 'utf8');
    expect(page).toContain('Trained on 160 rows in 120 steps, with seed 0.');
    expect(page).toMatch(
      /by trees that predict each column.*AUROC of boosted trees.*copies of training rows/s,
    );
    expect(page.match(/<figure>/g)).toHaveLength(3);
    // Each two of three columns, in held-out and in drawn rows.
    expect(page.match(/<rect class="pair"/g)).toHaveLength(6);
    expect(page).toMatch(/<title>fuel and price: [\d.]+ real, [\d.]+ drawn/);
    expect(page).not.toMatch(/<script|https?:|NaN|undefined/);
    const refused = await dgm(['report', file('cars.dgm'), '--train', file('cars.csv'), '-o', folder]);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/--out .*can be written/)]);
  });

  it('evaluates a model on other rows, as JSON', async () => {
    const { stdout } = await dgm(['evaluate', file('cars.dgm'), '-', '--json'], cars);
    const found = JSON.parse(stdout) as { twoSampleAuroc: number; rows: number };
    expect(found.rows).toBe(200);
    expect(found.twoSampleAuroc).toBeGreaterThan(0.3);
    expect(found).not.toHaveProperty('privacy');
  });

  it('exports the distributions of all columns to ONNX', async () => {
    const exported = await dgm(['export', file('cars.dgm'), '--out', file('cars.onnx'), '-n', '2']);
    expect([exported.status, exported.stderr]).toEqual([0, '']);
    const session = await ort.InferenceSession.create(file('cars.onnx'));
    const { model } = await loadModel<TableModel>(file('cars.dgm'));
    const { codec, network } = model;
    const offsets = network.layout.offsets;
    // The first row hides all of its cells, the second one shows a fuel.
    const diesel = 1 + codec.columns[0]!.index(0);
    const codes = Int32Array.from([...offsets, offsets[0]! + diesel, ...offsets.slice(1)]);
    const features = Float32Array.from({ length: 12 }, (_, at) => (at === 9 ? 1 : 0));
    const found = await session.run({
      codes: new ort.Tensor('int32', codes, [2, 3]),
      features: new ort.Tensor('float32', features, [2, 6]),
    });
    const fuel = found['column/fuel']!.data as Float32Array;
    const { cells } = await model.score(parseTextTable('fuel,price,seats\ndiesel,9000,4\n'));
    expect(fuel[diesel - 1]).toBeCloseTo(cells['fuel']![0]!, 3);
    expect(found['column/seats']!.dims[0]).toBe(2);
    model.dispose();
  });

  it('refuses an evaluation without rows, or beside rows of another table', async () => {
    const none = await dgm(['evaluate', file('cars.dgm')]);
    expect([none.status, none.stderr]).toEqual([2, expect.stringMatching(/--train/)]);
    const other = await dgm(
      ['evaluate', file('cars.dgm'), '--train', '-'],
      cars.split('\n').slice(0, 60).join('\n'),
    );
    expect([other.status, other.stderr]).toEqual([2, expect.stringMatching(/160 training rows/)]);
  });

  it('helps', async () => {
    const { status, stdout } = await dgm(['--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples:/);
    expect((await dgm(['train', '--help'])).stdout).toMatch(/Ctrl-C/);
  });

  it.each<[string, string[], number, RegExp]>([
    ['a misspelt command', ['trian'], 2, /Did you mean train/],
    ['a misspelt option', ['inspect', 'x.csv', '--jsn'], 2, /Did you mean --json/],
    ['no file', ['inspect'], 2, /missing required argument/],
    ['a file that there is not', ['inspect', '/nowhere/cars.csv'], 1, /cars\.csv/],
    ['a number that is none', ['sample', 'x.dgm', '-n', 'many'], 2, /not an integer/],
    ['no time', ['train', 'x.csv', '--minutes', '0'], 2, /above 0/],
    ['a kind of model that there is not', ['train', 'x.csv', '--model', 'tree'], 2, /any-order, trees/],
  ])('refuses %s', async (_what, argv, status, message) => {
    const refused = await dgm(argv);
    expect(refused.stderr).toMatch(message);
    expect(refused.status).toBe(status);
  });

  it('suggests columns and levels, and refuses files that are no models', async () => {
    const column = await dgm(['sample', file('cars.dgm'), '--given', 'feul=diesel']);
    expect([column.status, column.stderr]).toEqual([2, expect.stringMatching(/did you mean "fuel"/)]);
    const level = await dgm(['sample', file('cars.dgm'), '--given', 'fuel=deisel']);
    expect([level.status, level.stderr]).toEqual([2, expect.stringMatching(/did you mean "diesel"/)]);
    const model = await dgm(['score', file('cars.csv'), file('cars.csv')]);
    expect(model.status).toBe(1);
    const bytes = await readFile(file('cars.dgm'));
    await writeFile(file('cut.dgm'), bytes.subarray(0, 1000));
    expect((await dgm(['info', file('cut.dgm')])).status).toBe(1);
  });
});

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { write } from '../src/consumer';
import { copiesOf } from '../src/installed';
import { importsOf, readmeExample, toJavaScript } from '../src/program';
import { programs, releasedVersion, strangersProject } from '../src/release';
import { node, npmInstall, run } from '../src/run';

describe.each(programs)('$name, installed alone', ({ name, programs: commands }) => {
  const project = strangersProject();

  beforeAll(() => {
    npmInstall(project, name);
  });

  it('brings one copy of tfjs-core and of @dgm/core', () => {
    expect(copiesOf('@tensorflow/tfjs-core', project)).toHaveLength(1);
    expect(copiesOf('@dgm/core', project)).toHaveLength(1);
  });

  it.each(commands)('has a program %s that says what it is for', (command) => {
    const help = run(project, 'npx', '--no-install', command, '--help');
    expect(help).toMatch(/^Usage: /);
  });
});

describe("a new user's commands, in an empty folder", () => {
  const project = strangersProject();
  const file = (name: string) => readFileSync(path.join(project, name), 'utf8');
  const dgm = (...words: string[]) => run(project, 'npx', '--no-install', 'dgm', ...words);
  const rows = Array.from({ length: 200 }, (_, row) => {
    const isDiesel = row % 3 === 0;
    const price = (isDiesel ? 9000 : 5000) + 37 * ((row * 7) % 50);
    return `${isDiesel ? 'diesel' : 'petrol'},${row % 13 === 0 ? '' : price},${row % 5 === 0 ? 2 : 4}`;
  });

  beforeAll(() => {
    write(project, 'cars.csv', `fuel,price,seats\n${rows.join('\n')}\n`);
  });

  // Each goes on with the files of those before it.
  it('npx @dgm/cli --version', () => {
    const version = run(project, 'npx', '--yes', '@dgm/cli', '--version').trim();
    expect(version).toBe(releasedVersion('packages/cli'));
    npmInstall(project, '@dgm/cli');
  });

  it('dgm --version and --help take less than 0.4 seconds of processor time', () => {
    const command = (option: string) =>
      `TIMEFORMAT='%U %S'; { time node_modules/.bin/dgm ${option} > /dev/null; } 2>&1`;
    for (const option of ['--version', '--help']) {
      const seconds = Array.from({ length: 5 }, () => {
        const [user, system] = run(project, 'bash', '-c', command(option)).trim().split(' ').map(Number);
        return user! + system!;
      });
      expect(Math.min(...seconds)).toBeLessThan(0.4);
    }
  });

  it('dgm inspect cars.csv', () => {
    expect(dgm('inspect', 'cars.csv')).toMatch(/^fuel +category .*\nprice +integer +16 missing/);
  });

  it('dgm inspect cars.csv --json', () => {
    write(project, 'schema.json', dgm('inspect', 'cars.csv', '--json'));
    expect(JSON.parse(file('schema.json'))).toMatchObject({ format: 'dgm.table-schema' });
  });

  it('dgm train cars.csv', () => {
    dgm('train', 'cars.csv', '--out', 'cars.dgm', '--steps', '60', '--schema', 'schema.json');
    expect(existsSync(path.join(project, 'cars.dgm'))).toBe(true);
  });

  it('dgm info cars.dgm', () => {
    expect(dgm('info', 'cars.dgm')).toMatch(/160 rows, 60 steps, seed 0/);
  });

  it('dgm score cars.dgm cars.csv', () => {
    expect(dgm('score', 'cars.dgm', 'cars.csv').split('\n')).toHaveLength(202);
  });

  it('dgm explain cars.dgm cars.csv --row 1', () => {
    expect(dgm('explain', 'cars.dgm', 'cars.csv', '--row', '1')).toMatch(/^row 1 .* expected /);
  });

  it('dgm sample cars.dgm', () => {
    expect(dgm('sample', 'cars.dgm', '-n', '5').split('\n')).toHaveLength(7);
  });

  it('dgm sample cars.dgm --given', () => {
    expect(dgm('sample', 'cars.dgm', '-n', '3', '--given', 'fuel=diesel')).toMatch(
      /^fuel,price,seats\n(diesel,\d*,\d\n){3}$/,
    );
  });

  it('dgm impute cars.dgm cars.csv', () => {
    expect(dgm('impute', 'cars.dgm', 'cars.csv')).not.toContain(',,');
  });

  it('dgm report cars.dgm --train cars.csv', () => {
    dgm('report', 'cars.dgm', '--train', 'cars.csv');
    expect(file('cars.html')).toContain('<figure>');
  });

  it('dgm export cars.dgm --out cars.onnx', () => {
    dgm('export', 'cars.dgm', '--out', 'cars.onnx');
    expect(existsSync(path.join(project, 'cars.onnx'))).toBe(true);
  });
});

describe("a new user's files from codecs, in an empty folder", () => {
  const project = strangersProject();
  const bytes = (name: string) => readFileSync(path.join(project, name));
  const compress = (...words: string[]) => run(project, 'npx', '--no-install', 'dgm-compress', ...words);

  // Each goes on with the files of those before it.
  it('the program of the README', async () => {
    const example = readmeExample('packages/cli');
    npmInstall(project, '@dgm/cli', ...importsOf(example));
    write(project, 'digits.mjs', await toJavaScript(example, 'esm'));
    node(project, 'digits.mjs');
    expect(bytes('digits.npy').length).toBeGreaterThan(0);
  });

  it('dgm-compress encode and decode', () => {
    compress('encode', 'digits.dgm', 'digits.npy', '--out', 'digits.dgmc');
    compress('decode', 'digits.dgmc', '--model', 'digits.dgm', '--out', 'again.npy');
    expect(bytes('digits.dgmc').length).toBeLessThan(bytes('digits.npy').length);
    expect(compress('inspect', 'digits.dgmc', '--model', 'digits.dgm')).toMatch(/^method +autoregressive\n/);
  });

  it('dgm-compress export, for a file that decodes without the model', () => {
    compress('export', 'digits.dgm', '--out', 'digits.model');
    compress('decode', 'digits.dgmc', '--model', 'digits.model', '--out', 'third.npy');
    expect(bytes('third.npy').equals(bytes('again.npy'))).toBe(true);
  });
});

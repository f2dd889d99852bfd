import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const script = fileURLToPath(new URL('../bench/memory.ts', import.meta.url));

// The cheapest two of the script's cases; all of them take minutes.
it.each([
  ['one-column', /^trained/],
  ['few-rows', /^trained/],
])(
  'a process takes less than a GiB to train, or to refuse: %s',
  (name, outcome) => {
    const tsx = [`${root}/node_modules/tsx/dist/cli.mjs`, '--tsconfig', `${root}/tsconfig.json`];
    const { status, stdout, stderr } = spawnSync('node', [...tsx, script, name], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const found = JSON.parse(stdout) as { readonly outcome: string; readonly most: number };
    expect(found.outcome).toMatch(outcome);
    expect(found.most).toBeLessThan(1024);
  },
  120_000,
);

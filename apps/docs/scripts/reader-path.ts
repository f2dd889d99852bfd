// Walks the way of a fresh reader: the home page, Start, the program copied from there, an empty folder with the packed packages, its
// picture. Wants chromium and built packages: npm run build, then npm run reader.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { repository } from '../src/folders';
import { chromiumPath, serveSite } from '../test/served-site';

const PNG = [0x89, 0x50, 0x4e, 0x47];

function run(cwd: string, command: string, ...args: readonly string[]): string {
  console.log(`$ ${[path.basename(command), ...args].join(' ')}`);
  // A reader's shell names no tsconfig, as the one that runs this script does.
  const env = { ...process.env, TSX_TSCONFIG_PATH: undefined };
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected ${what}`);
  console.log(`ok: ${what}`);
}

/** The commands and the program that a reader copies from the pages. */
async function copyFromPages(): Promise<{ readonly commands: readonly string[]; readonly program: string }> {
  const site = await serveSite();
  const browser = await chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox'] });
  try {
    const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await context.newPage();
    await page.goto(site.url);
    await page.locator('.VPHero').getByRole('link', { name: 'Start' }).click();
    await page.waitForURL(/\/start$/);
    const copy = async (language: string): Promise<string> => {
      const block = page.locator(`.language-${language}`).first();
      await block.hover();
      await block.locator('button.copy').click();
      await block.locator('button.copied').waitFor();
      return page.evaluate(() => navigator.clipboard.readText());
    };
    const shell = await copy('sh');
    return { commands: shell.trim().split('\n'), program: await copy('ts') };
  } finally {
    await browser.close();
    site.close();
  }
}

if (chromiumPath === undefined) throw new Error('no chromium; install it, or name it in DGM_CHROMIUM');
const { commands, program } = await copyFromPages();
check(program.includes('await fit('), 'a program that trains');

const folder = mkdtempSync(path.join(tmpdir(), 'dgm-reader-'));
const tarballs = mkdtempSync(path.join(tmpdir(), 'dgm-tarballs-'));
try {
  /** The packed package in the place of its name, which the registry does not have yet. */
  const packed = (name: string): string => {
    const own = /^@dgm\/([\w-]+)$/.exec(name)?.[1];
    if (own === undefined) return name;
    const pnpm = path.join(repository, 'node_modules', 'pnpm', 'bin', 'pnpm.cjs');
    run(
      path.join(repository, 'packages', own),
      process.execPath,
      pnpm,
      'pack',
      '--pack-destination',
      tarballs,
    );
    return path.join(
      tarballs,
      readdirSync(tarballs).find((file) => file.startsWith(`dgm-${own}-`))!,
    );
  };
  for (const line of commands) {
    const [command, ...args] = line.split(' ') as [string, ...string[]];
    run(folder, command, ...args.map(packed));
  }
  writeFileSync(path.join(folder, 'first.mts'), program);
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const runsTypeScript = major > 22 || (major === 22 && minor >= 18);
  const tsx = createRequire(path.join(repository, 'package.json')).resolve('tsx/cli');
  const printed = run(folder, process.execPath, ...(runsTypeScript ? [] : [tsx]), 'first.mts');
  console.log(printed.trim());
  check(Number.parseFloat(printed) < 98, 'fewer nats than 98; independent pixels have 106.5');
  const picture = path.join(folder, 'samples.png');
  check(
    existsSync(picture) && PNG.every((byte, index) => readFileSync(picture)[index] === byte),
    'a picture of draws',
  );
} finally {
  for (const made of [folder, tarballs]) rmSync(made, { recursive: true, force: true });
}

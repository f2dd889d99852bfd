import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';

const text = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('the example of the README', () => {
  it('is the one that runs', () => {
    expect(text('../README.md')).toContain(`\`\`\`ts\n${text('./readme-example.ts')}\`\`\``);
  });

  it('prints what the README says', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    await import('./readme-example');
    const printed = log.mock.calls.map((values) =>
      values.map((value) => (Array.isArray(value) ? `[ ${value.join(', ')} ]` : String(value))).join(' '),
    );
    log.mockRestore();
    expect(text('../README.md')).toContain(`\`\`\`text\n${printed.join('\n')}\n\`\`\``);
  });
});

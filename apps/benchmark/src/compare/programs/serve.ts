import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { describeError } from '../../report/format';
import type { Command, Commands } from './protocol';

/** Whoever can be asked, one command at a time. */
export type Answers = {
  readonly [C in Command]: (
    request: Commands[C]['request'],
  ) => Commands[C]['reply'] | Promise<Commands[C]['reply']>;
};

/** Answers the lines of `input` on `output`, until `input` ends. A failure is an answer too. */
export async function serve(
  answers: Answers,
  { input, output }: { readonly input: Readable; readonly output: Writable },
): Promise<void> {
  for await (const line of createInterface({ input })) {
    output.write(`${JSON.stringify(await answer(answers, line))}\n`);
  }
}

async function answer(answers: Answers, line: string): Promise<object> {
  try {
    const { cmd, ...request } = JSON.parse(line) as { readonly cmd: string };
    if (!COMMANDS.has(cmd)) return { error: `no command ${cmd}` };
    return await (answers[cmd as Command] as (request: object) => Promise<object>).call(answers, request);
  } catch (error) {
    return { error: describeError(error) };
  }
}

const COMMANDS: ReadonlySet<string> = new Set<Command>([
  'about',
  'build',
  'steps',
  'train',
  'evaluate',
  'sample',
  'memory',
  'roofline',
  'devices',
]);

import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Command, Commands } from './protocol';

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

interface Pending {
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One side of a comparison: a process that is asked for one thing at a time, and sleeps in between. */
export class WorkerProcess {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;
  #pending: Pending | undefined;
  #stderr = '';
  #end: Error | undefined;

  constructor({ command, args, env = {} }: Program) {
    this.#process = spawn(command, args, { env: { ...process.env, ...env } });
    this.#ended = new Promise((resolve) => {
      const end = (what: string) => {
        this.#end ??= new Error(`${what}${lastLine(this.#stderr)}`);
        this.#takeWaiting()?.reject(this.#end);
        resolve();
      };
      this.#process.on('error', ({ message }) => end(`it could not be started: ${message}`));
      this.#process.on('close', (code, signal) => end(`it ended with ${signal ?? `status ${code}`}`));
    });
    // The end of the process says what is wrong; a pipe that broke because of it adds nothing.
    this.#process.stdin.on('error', () => undefined);
    this.#process.stderr.on('data', (text) => (this.#stderr = `${this.#stderr}${String(text)}`.slice(-2000)));
    createInterface({ input: this.#process.stdout }).on('line', (line) => this.#receive(line));
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /**
   * Asks for one thing and waits for the reply.
   * @throws Error with what the other side says of its failure, or of its end
   */
  ask<C extends Command>(command: C, request: Commands[C]['request']): Promise<Commands[C]['reply']> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      this.#pending = { resolve: (reply) => resolve(reply as Commands[C]['reply']), reject };
      this.#process.stdin.write(`${JSON.stringify({ cmd: command, ...request })}\n`);
    });
  }

  /** Ends the process, and waits until it has. */
  async close(): Promise<void> {
    this.#process.stdin.end();
    this.#process.kill();
    await this.#ended;
  }

  #receive(line: string): void {
    const waiting = this.#takeWaiting();
    try {
      const reply = JSON.parse(line) as { readonly error?: string };
      if (reply.error === undefined) waiting?.resolve(reply);
      else waiting?.reject(new Error(reply.error));
    } catch {
      waiting?.reject(new Error(`it answered ${JSON.stringify(line.slice(0, 200))}`));
    }
  }

  #takeWaiting(): Pending | undefined {
    const waiting = this.#pending;
    this.#pending = undefined;
    return waiting;
  }
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1);
  return line ? `: ${line}` : '';
}

import type { Readable, Writable } from 'node:stream';

/** What the program reads from and writes to. */
export interface Streams {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Calls `stop` at Ctrl-C. */
  readonly onInterrupt: (stop: () => void) => void;
}

/**
 * Of what is freed, the C library of Linux keeps for the next time at most twice the largest piece that was ever freed, up to this
 * size, and gives the rest back to the system, which is slow to give it again. So one such piece, never touched, goes first.
 */
const LARGEST_PIECE = 31 * 2 ** 20;

/** Less is kept until there is more: a message takes some microseconds, which is much of the smallest steps. */
const LEAST_BYTES = 2 ** 18;

let nowhere: MessagePort | undefined;
let waiting: ArrayBuffer[] = [];
let waitingBytes = 0;

/**
 * Frees memory without waiting for the collector, by sending it where nobody is. At each step of a training there is as much
 * of it as gradients take: left alone it piles up, and the collector's threads take the cores on which the next step runs.
 */
export function freeAtOnce(buffers: readonly ArrayBuffer[]): void {
  for (const buffer of buffers) {
    waiting.push(buffer);
    waitingBytes += buffer.byteLength;
  }
  if (waitingBytes < LEAST_BYTES) return;
  nowhere ??= portToNowhere();
  nowhere.postMessage(undefined, waiting);
  waiting = [];
  waitingBytes = 0;
}

function portToNowhere(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(undefined, [new ArrayBuffer(LARGEST_PIECE)]);
  port2.close();
  return port1;
}

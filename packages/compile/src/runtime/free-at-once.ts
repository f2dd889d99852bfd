/**
 * Of what is freed, the C library of Linux keeps for the next time at most twice the largest piece that was ever freed, up to this
 * size, and gives the rest back to the system, which is slow to give it again. So one such piece, never touched, goes first.
 */
const LARGEST_PIECE = 31 * 2 ** 20;

let nowhere: MessagePort | undefined;

/**
 * Frees memory without waiting for the collector, by sending it where nobody is. At each step of a training there is as much
 * of it as gradients take: left alone it piles up, and the collector's threads take the cores on which the next step runs.
 */
export function freeAtOnce(buffers: readonly ArrayBuffer[]): void {
  nowhere ??= portToNowhere();
  nowhere.postMessage(undefined, [...buffers]);
}

function portToNowhere(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(undefined, [new ArrayBuffer(LARGEST_PIECE)]);
  port2.close();
  return port1;
}

let nowhere: MessagePort | undefined;

/**
 * Frees memory without waiting for the collector, by sending it where nobody is. At each step of a training there is as much
 * of it as gradients take: left alone it piles up, and the collector's threads take the cores on which the next step runs.
 */
export function freeAtOnce(buffers: readonly ArrayBuffer[]): void {
  if (nowhere === undefined) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    nowhere = port1;
  }
  nowhere.postMessage(undefined, [...buffers]);
}

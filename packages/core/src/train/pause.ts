/** The parts of a host that let other work run; each host has some of them. */
interface Host {
  setImmediate?(action: () => void): unknown;
  MessageChannel?: new () => { port1: MessagePortLike; port2: MessagePortLike };
}

interface MessagePortLike {
  onmessage: ((event: never) => void) | null;
  postMessage(message: null): void;
  close(): void;
}

/**
 * Yields to timers, input and signals, and resumes as soon as possible. Animation frames would stop in a hidden tab,
 * and timers wait at least 4 ms in browsers.
 */
export function pause(): Promise<void> {
  const host = globalThis as unknown as Host;
  return new Promise((resolve) => {
    if (host.setImmediate) {
      host.setImmediate(resolve);
    } else if (host.MessageChannel) {
      const { port1, port2 } = new host.MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } else {
      resolve();
    }
  });
}

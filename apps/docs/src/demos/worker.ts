import { Key } from '@dgm/core';
import type { Controls, Program } from './demo';
import { startEngine } from './engine';
import { programs } from './programs';
import type { Order, Report } from './protocol';

const scope = globalThis as unknown as {
  postMessage(report: Report): void;
  onmessage: ((event: { readonly data: Order }) => void) | null;
};

/** A demo from its start to the end of the worker. */
class Session {
  #controls: Controls;
  #program: Program | undefined;
  #resume: (() => void) | undefined;
  #paused: Promise<void> = Promise.resolve();
  /** Panels are drawn one after the other, and the latest wish replaces those that wait. */
  #drawing: Promise<void> | undefined;
  #stale = false;

  constructor(controls: Controls) {
    this.#controls = controls;
  }

  async run(order: Extract<Order, { type: 'start' }>): Promise<void> {
    const { backend } = await startEngine();
    scope.postMessage({ type: 'engine', backend });
    const make = await programs[order.demo]();
    const program = make(this.#controls, Key.of(0));
    this.#program = program;
    await program.train({
      signal: { aborted: false },
      callbacks: [
        {
          onStart: () => this.#draw(),
          onStep: () => this.#paused,
          onEpoch: async ({ epoch, terms }) => {
            scope.postMessage({ type: 'epoch', epoch, terms });
            await this.#draw();
          },
        },
      ],
    });
    scope.postMessage({ type: 'figure', value: await program.figure() });
    await this.#draw();
  }

  pause(paused: boolean): void {
    this.#resume?.();
    this.#resume = undefined;
    if (!paused) return;
    this.#paused = new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  show(controls: Controls): void {
    this.#controls = controls;
    void this.#draw();
  }

  #draw(): Promise<void> {
    this.#stale = true;
    this.#drawing ??= this.#drawAll().finally(() => {
      this.#drawing = undefined;
    });
    return this.#drawing;
  }

  async #drawAll(): Promise<void> {
    while (this.#stale && this.#program !== undefined) {
      this.#stale = false;
      const panels = await this.#program.show(this.#controls);
      scope.postMessage({ type: 'panels', panels });
    }
  }
}

let session: Session | undefined;
scope.onmessage = ({ data: order }) => {
  if (order.type === 'start') {
    session = new Session(order.controls);
    session.run(order).catch((error: unknown) => {
      scope.postMessage({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
    });
  } else if (order.type === 'pause') session?.pause(order.paused);
  else session?.show(order.controls);
};

import type { DemoName } from './catalog';
import type { Controls, Panel } from './demo';

/** What the page tells the worker. One worker runs one demo; it is ended by `terminate`. */
export type Order =
  | { readonly type: 'start'; readonly demo: DemoName; readonly controls: Controls }
  | { readonly type: 'pause'; readonly paused: boolean }
  | { readonly type: 'show'; readonly controls: Controls };

/** What the worker tells the page. */
export type Report =
  | { readonly type: 'engine'; readonly backend: string }
  | { readonly type: 'epoch'; readonly epoch: number; readonly terms: Readonly<Record<string, number>> }
  | { readonly type: 'panels'; readonly panels: readonly Panel[] }
  | { readonly type: 'figure'; readonly value: number }
  | { readonly type: 'failed'; readonly message: string };

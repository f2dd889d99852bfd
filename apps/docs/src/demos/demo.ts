import type { Callback, Key, Module } from '@dgm/core';

/** Points of the plane, over a density if there is one. */
export interface PlanePanel {
  readonly kind: 'plane';
  readonly caption: string;
  readonly range: readonly [number, number];
  /** x and y of each point in turn. */
  readonly layers: readonly { readonly points: Float32Array; readonly style: 'data' | 'model' | 'marked' }[];
  /** A density at the centres of `size` x `size` cells, the lowest row first; it is drawn relative to its maximum. */
  readonly density?: { readonly size: number; readonly values: Float32Array };
  /** The controls that a pointer in the panel sets. */
  readonly axes?: readonly [string, string];
}

/** Grey images beside each other. */
export interface ImagesPanel {
  readonly kind: 'images';
  readonly caption: string;
  readonly plane: readonly [height: number, width: number];
  readonly columns: number;
  /** The value of paper and that of ink. */
  readonly range: readonly [number, number];
  readonly values: ArrayLike<number>;
  /** Whether the reader can paint in it: what is painted are the controls' `pixels`. */
  readonly editable?: boolean;
  /** How far the pen reaches from its middle, in pixels. @defaultValue 0 */
  readonly brush?: number;
}

/** Numbers by name, as bars between 0 and 1. */
export interface BarsPanel {
  readonly kind: 'bars';
  readonly caption: string;
  readonly bars: readonly { readonly label: string; readonly value: number }[];
}

/** A file to download, and to give back. */
export interface FilePanel {
  readonly kind: 'file';
  readonly caption: string;
  readonly name: string;
  readonly bytes: Uint8Array;
}

export type Panel = PlanePanel | ImagesPanel | BarsPanel | FilePanel;

/** What the reader has set: sliders by their names, pixels that were painted, a file that was chosen. */
export interface Controls {
  readonly numbers: Readonly<Record<string, number>>;
  readonly pixels?: readonly number[];
  readonly file?: Uint8Array;
}

/** A model, its data and what to show of it. It owns what it has made. */
export interface Program {
  /** What is trained, by the names of files. */
  readonly models: Readonly<Record<string, Module>>;
  train(watch: {
    readonly callbacks: readonly Callback[];
    readonly signal: { readonly aborted: boolean };
  }): Promise<unknown>;
  /** The number by which the demo is judged. */
  figure(): Promise<number>;
  show(controls: Controls): Promise<readonly Panel[]>;
  dispose(): void;
}

export type MakeProgram = (controls: Controls, key: Key) => Program;

import type { RuntimeReport } from '@dgm/compile';
import type { Shape } from '@dgm/core';

/**
 * Where a data set lies for both sides: `train.bin`, `validation.bin` and `test.bin`, row-major, and the classes of labelled examples in
 * `train.labels.bin` and so on, int32.
 */
export interface DataFiles {
  readonly folder: string;
  readonly name: string;
  /** The shape of one example. */
  readonly shape: Shape;
  readonly levels: number | null;
  readonly dtype: 'uint8' | 'float32';
  readonly labelled: boolean;
  /** Numbers of examples. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** How a model is trained, told by our side so that the other does the same. */
export interface TrainingProtocol {
  /** The name and the first rate of the optimizer, or of the first of several with one name; null where they have others. */
  readonly optimizer: string | null;
  readonly learningRate: number | null;
  readonly batchSize: number;
  readonly epochs: number;
  readonly patience: number | null;
  readonly clipNorm: number | null;
  /** Of the moving average of the weights that is validated and kept; null where there is none. */
  readonly emaDecay: number | null;
}

export interface BuildRequest {
  readonly model: string;
  /** @defaultValue the model's own */
  readonly batch?: number;
  readonly threads: number;
  readonly seed: number;
  readonly quick: boolean;
  readonly data: DataFiles;
  /** Units of a hidden layer. @defaultValue the model's own */
  readonly width?: number;
  /** For the peer, `cpu` or `cuda`; our side knows its own from the beginning. */
  readonly device?: string;
  /** For the peer. */
  readonly training?: TrainingProtocol;
}

export interface Epoch {
  readonly epoch: number;
  readonly validation: number;
  /** Since training began. */
  readonly seconds: number;
}

/**
 * What one side of a comparison can be asked: one JSON object per line, `{ "cmd": "steps", "n": 50 }`, answered by one per
 * line, `{ "ms": 231.5, "loss": 141.2 }` or `{ "error": "..." }`.
 */
export interface Commands {
  readonly about: {
    readonly request: object;
    readonly reply: { readonly name: string; readonly version: string; readonly models: readonly string[] };
  };
  readonly build: {
    readonly request: BuildRequest;
    /** The device and the protocol are told by our side only. */
    readonly reply: {
      readonly parameters: number;
      readonly device?: string;
      readonly training?: TrainingProtocol;
    };
  };
  /** `n` steps without the making of their batches. */
  readonly steps: {
    readonly request: { readonly n: number };
    readonly reply: { readonly ms: number; readonly loss: number };
  };
  /**
   * Trains until validation stops improving or reaches `target`, and keeps the best weights. The curve of a model whose losses do not
   * say how good it is stays empty.
   */
  readonly train: {
    readonly request: {
      readonly epochs: number;
      readonly patience?: number | null;
      readonly maxSeconds?: number;
      readonly target?: number;
    };
    readonly reply: {
      readonly seconds: number;
      readonly steps: number;
      readonly curve: readonly Epoch[];
      /** The median within `fit`; told by our side only. */
      readonly fitMs?: number;
    };
  };
  /** The test examples, averaged over some draws; null for a model without a likelihood. */
  readonly evaluate: {
    readonly request: { readonly draws: number };
    readonly reply: { readonly nats: number | null };
  };
  /** The first draw is made to be warm, and counts only where it is slow. */
  readonly sample: {
    readonly request: { readonly n: number; readonly times: number };
    readonly reply: { readonly ms: readonly number[]; readonly shape: readonly number[] };
  };
  /** The most that the process has held so far, as the system counts it. */
  readonly memory: { readonly request: object; readonly reply: { readonly peakMiB: number } };
  /**
   * Our side only: the multiply-adds of a step's products, what all its intermediate results take, and how many multiply-adds a
   * large product does in a millisecond.
   */
  readonly roofline: {
    readonly request: object;
    readonly reply: {
      readonly multiplyAdds: number;
      readonly resultsMiB: number;
      readonly peakPerMs: number;
    };
  };
  /** Our side only: what the compiled engine can run on. */
  readonly devices: { readonly request: object; readonly reply: RuntimeReport };
}

export type Command = keyof Commands;

import { renderDocument } from '../report/document';
import { decimal, duration } from '../report/format';
import { html } from '../report/html';
import { lineChart } from '../report/line-chart';
import { sortableTable } from '../report/sortable-table';
import type { CompressedSize } from './compressors';

export const TEXT_FILE = 'text.json';

/** What `text.json` holds. */
export interface TextResults {
  readonly model: string;
  readonly hidden: number;
  readonly length: number;
  readonly seed: number;
  readonly engine: string;
  /** The numbers of characters, and of different ones. */
  readonly characters: { readonly train: number; readonly heldOut: number; readonly different: number };
  /** The number of learned scalars. */
  readonly parameters: number;
  /** How long training took. */
  readonly seconds: number;
  /** Per character of the held-out text. */
  readonly bits: number;
  /** Epochs, and bits per character of the validation text after them. */
  readonly curve: readonly (readonly [number, number])[];
  readonly compressors: readonly CompressedSize[];
}

/** The bits per character of a model and of the compressors, and the learning curve, as one HTML file. */
export function renderTextReport(results: TextResults): string {
  const { model, hidden, length, seed, engine, characters, parameters, seconds, bits, curve } = results;
  const rows = [{ name: model, alone: null, after: bits }, ...results.compressors].map((row) => ({
    ...row,
    error: null,
  }));
  return renderDocument({
    heading: `${model} on text`,
    subtitle: `${decimal(characters.train)} characters to train on, ${decimal(characters.heldOut)} held out, ${characters.different} different ones`,
    main: html`<section>
        ${sortableTable(rows, [
          { title: 'compressed by', value: ({ name }) => name },
          {
            title: 'after the training text',
            unit: 'bits per character',
            value: ({ after }) => after,
            text: ({ after }) => decimal(after, 3),
          },
          {
            title: 'alone',
            unit: 'bits per character',
            value: ({ alone }) => alone,
            text: ({ alone }) => decimal(alone, 3),
          },
        ])}
        <p class="note">
          On the held-out text; lower is better. The ${decimal(parameters)} parameters of the model are not
          counted. A compressor without figures is not installed.
        </p>
      </section>
      <article>
        <div class="panels">
          ${lineChart({
            name: 'validation',
            x: { name: 'epoch' },
            y: { name: 'bits per character' },
            points: curve,
          })}
        </div>
      </article>`,
    footer: `${hidden} hidden units, windows of ${length}, seed ${seed}, engine ${engine}, ${duration(seconds)} of training`,
  });
}

import { SerializationError } from '@dgm/core';
import Papa from 'papaparse';

interface RecordOptions {
  /** What the text is called in errors. */
  readonly name: string;
  /** One character between fields; a space stands for any number of spaces. */
  readonly separator: string;
}

/**
 * Splits delimited text (RFC 4180) into records: fields may be quoted, and hold separators, line ends and doubled quotes
 * then. Text comes in pieces, so that it may be larger than memory. Blank lines at the end are dropped.
 */
export class RecordReader {
  #rest = '';
  #parser: Papa.Parser | undefined;
  #newline = '\n';
  #row = 0;
  #blanks = 0;

  /** @param take - receives the fields of each record, and its number from 1 */
  constructor(
    private readonly options: RecordOptions,
    private readonly take: (fields: string[], row: number) => void,
  ) {}

  push(text: string): void {
    for (let start = 0; start < text.length; start += PIECE) this.#push(text.slice(start, start + PIECE));
  }

  #push(text: string): void {
    this.#rest += this.#row === 0 && this.#rest === '' ? text.replace(/^\uFEFF/, '') : text;
    if (this.#parser === undefined && !/\n|\r[^]/.test(unquoted(this.#rest))) {
      this.#checkLength();
      return;
    }
    this.#parse(false);
    this.#checkLength();
  }

  /** Takes the last record, whether or not a line end follows it. */
  end(): void {
    if (this.#rest !== '') this.#parse(true);
  }

  #parse(isLast: boolean): void {
    this.#parser ??= this.#makeParser();
    const { data, errors, meta } = this.#parser.parse(this.#rest, 0, !isLast) as Papa.ParseResult<string[]>;
    // A record that is still incomplete is parsed again with what follows.
    const fault = errors.find(({ row }) => row! < data.length);
    for (const [index, fields] of data.entries()) {
      if (index === fault?.row)
        this.#refuse('quotes around whole fields, doubled within them', fault.message);
      this.#deliver(fields);
    }
    this.#rest = isLast ? '' : this.#rest.slice(meta.cursor);
  }

  #makeParser(): Papa.Parser {
    const [found = '\n'] = /\r\n|\n|\r/.exec(unquoted(this.#rest)) ?? [];
    this.#newline = found;
    return new Papa.Parser({ delimiter: this.options.separator, newline: found as '\n' });
  }

  #deliver(record: string[]): void {
    const fields = this.options.separator === ' ' ? record.filter((field) => field !== '') : record;
    if (fields.length === 0 || (fields.length === 1 && fields[0] === '')) {
      this.#blanks++;
      return;
    }
    for (; this.#blanks > 0; this.#blanks--) this.take([''], ++this.#row);
    if (this.#newline === '\n' && fields.at(-1)!.endsWith('\r')) {
      this.#refuse('the line ends of row 1', 'a carriage return as well');
    }
    this.take(fields, ++this.#row);
  }

  #checkLength(): void {
    if (this.#rest.length <= LONGEST_RECORD) return;
    this.#refuse(
      `at most ${LONGEST_RECORD} characters`,
      'more; a quote is not closed, or the separator is another',
    );
  }

  #refuse(expected: string, actual: string): never {
    throw new SerializationError({
      where: 'csv',
      argument: `${this.options.name}, row ${this.#row + 1}`,
      expected: `to have ${expected}`,
      actual,
    });
  }
}

/** Characters that are split at a time; few, as the fields of all their records exist at once. */
const PIECE = 2 ** 16;
const LONGEST_RECORD = 2 ** 22;

/** The text without its quoted fields. */
function unquoted(text: string): string {
  return text.includes('"') ? text.replace(/"[^"]*("|$)/g, '') : text;
}

/**
 * A form in which dates and times are written, in the tokens `YYYY MM DD M D HH mm ss SSS`; all else stands for itself.
 * Read as UTC: a day has 86,400 seconds.
 */
export class DateFormat {
  readonly #pattern: RegExp;
  readonly #tokens: readonly Token[];
  /** Milliseconds of the smallest unit that the form can tell. */
  readonly unit: number;

  constructor(readonly format: string) {
    this.#tokens = format.match(TOKENS) as Token[];
    const escaped = format.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    this.#pattern = new RegExp(`^${escaped.replace(TOKENS, (token) => `(${DIGITS[token as Token]})`)}$`);
    const has = (token: Token) => this.#tokens.includes(token);
    this.unit = has('SSS') ? 1 : has('ss') ? 1000 : has('mm') ? 60_000 : DAY;
  }

  /** The number of units since 1970, or since midnight for a time; NaN if the text is no date of this form. */
  parse(text: string): number {
    const match = this.#pattern.exec(text);
    if (!match) return NaN;
    const part: Partial<Record<Token, number>> = {};
    for (let index = 0; index < this.#tokens.length; index++) {
      const [token, digits] = [this.#tokens[index]!, match[index + 1]!];
      const number = Number(digits);
      // A token that occurs twice, and a month or day with a zero that its form does not have.
      if ((part[token] ?? number) !== number || (token.length === 1 && digits.startsWith('0'))) return NaN;
      part[token] = number;
    }
    const { YYYY: year = 1970, HH = 0, mm = 0, ss = 0, SSS = 0 } = part;
    const [month, day] = [part.MM ?? part.M ?? 1, part.DD ?? part.D ?? 1];
    const isDay = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
    if (!isDay || HH > 23 || mm > 59 || ss > 59) return NaN;
    // Date.UTC takes years below 100 for those of the 20th century.
    return new Date(Date.UTC(2000, 0, 1, HH, mm, ss, SSS)).setUTCFullYear(year, month - 1, day) / this.unit;
  }

  /** The text of a number of units. */
  text(value: number): string {
    const iso = new Date(value * this.unit).toISOString();
    const [, year, month, day, hour, minute, second, milli] =
      /^(.\d+)-(\d+)-(\d+)T(\d+):(\d+):(\d+)\.(\d+)/.exec(iso)!;
    const parts: Record<Token, string> = {
      YYYY: year!,
      MM: month!,
      DD: day!,
      M: String(Number(month)),
      D: String(Number(day)),
      HH: hour!,
      mm: minute!,
      ss: second!,
      SSS: milli!,
    };
    return this.format.replace(TOKENS, (token) => parts[token as Token]);
  }
}

type Token = 'YYYY' | 'MM' | 'DD' | 'M' | 'D' | 'HH' | 'mm' | 'ss' | 'SSS';

const TOKENS = /YYYY|MM|DD|HH|mm|SSS|ss|M|D/g;
const DIGITS: Record<Token, string> = {
  YYYY: '\\d{4}',
  MM: '\\d{2}',
  DD: '\\d{2}',
  M: '\\d{1,2}',
  D: '\\d{1,2}',
  HH: '\\d{2}',
  mm: '\\d{2}',
  ss: '\\d{2}',
  SSS: '\\d{3}',
};
const DAY = 86_400_000;

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

const DAYS = [
  'YYYY-MM-DD',
  'YYYY/MM/DD',
  'YYYYMMDD',
  'DD.MM.YYYY',
  'DD/MM/YYYY',
  'MM/DD/YYYY',
  'DD-MM-YYYY',
  'MM-DD-YYYY',
  'D.M.YYYY',
  'D/M/YYYY',
  'M/D/YYYY',
];
const TIMES = ['HH:mm', 'HH:mm:ss', 'HH:mm:ss.SSS'];

/** The forms that are recognized; others can be named in a schema. */
export const DATE_FORMATS: readonly string[] = [
  ...DAYS,
  ...TIMES,
  ...DAYS.filter((day) => day !== 'YYYYMMDD').flatMap((day) => TIMES.map((time) => `${day} ${time}`)),
  ...TIMES.flatMap((time) => [`YYYY-MM-DDT${time}`, `YYYY-MM-DDT${time}Z`]),
];

const dateForms = new Map<string, DateFormat>();

/** The form of a name; the same one each time. */
export function dateFormat(format: string): DateFormat {
  const known = dateForms.get(format) ?? new DateFormat(format);
  dateForms.set(format, known);
  return known;
}

/** The character between whole and fractional digits. */
export type DecimalMark = '.' | ',';

/**
 * Reads decimal numbers out of bytes, without a string in between. Of a number that has been read, the members tell its
 * value as an integer of units of its last digit, and how it was spelt.
 */
export class DecimalReader {
  /** The digits as an integer, with the sign: -1205 for `-12.05`. Exact up to 15 digits. */
  mantissa = 0;
  /** The number of digits after the decimal mark. */
  decimals = 0;
  /** The number of digits without leading zeros. */
  digits = 0;
  exponent = 0;
  /** Whether the text begins with a zero and another digit, as codes and telephone numbers do. */
  hasLeadingZero = false;
  /** Whether the text is spelt otherwise than numbers are written here: `+5`, `.5`, `5.`, `1e3`, ` 5`, `-0`. */
  isIrregular = false;

  constructor(readonly mark: DecimalMark = '.') {}

  /** Reads a whole cell. Returns whether it is a decimal number. */
  read(bytes: Uint8Array, start: number, end: number): boolean {
    const mark = this.mark === '.' ? 0x2e : 0x2c;
    let [at, last] = [start, end];
    while (at < last && isBlank(bytes[at]!)) at++;
    while (last > at && isBlank(bytes[last - 1]!)) last--;
    this.isIrregular = at !== start || last !== end;
    const isNegative = bytes[at] === 0x2d;
    if (isNegative || bytes[at] === 0x2b) {
      this.isIrregular ||= !isNegative;
      at++;
    }
    const whole = at;
    let mantissa = 0;
    let digits = 0;
    for (; at < last && isDigit(bytes[at]!); at++) {
      mantissa = mantissa * 10 + (bytes[at]! - 0x30);
      if (mantissa > 0) digits++;
    }
    const wholeDigits = at - whole;
    this.hasLeadingZero = wholeDigits > 1 && bytes[whole] === 0x30;
    let decimals = 0;
    if (at < last && bytes[at] === mark) {
      at++;
      const fraction = at;
      for (; at < last && isDigit(bytes[at]!); at++) {
        mantissa = mantissa * 10 + (bytes[at]! - 0x30);
        if (mantissa > 0) digits++;
      }
      decimals = at - fraction;
      this.isIrregular ||= decimals === 0 || wholeDigits === 0;
    }
    if (wholeDigits + decimals === 0) return false;
    this.exponent = 0;
    if (at < last && (bytes[at]! | 0x20) === 0x65) {
      this.isIrregular = true;
      at++;
      const sign = bytes[at] === 0x2d ? -1 : 1;
      if (bytes[at] === 0x2d || bytes[at] === 0x2b) at++;
      const first = at;
      for (; at < last && isDigit(bytes[at]!); at++) this.exponent = this.exponent * 10 + (bytes[at]! - 0x30);
      if (at === first) return false;
      this.exponent *= sign;
    }
    this.isIrregular ||= isNegative && mantissa === 0;
    this.mantissa = isNegative ? -mantissa : mantissa;
    this.decimals = decimals;
    this.digits = digits;
    return at === last;
  }

  /** The number as an integer of units of 10^-`decimals`, rounded if it has more digits. */
  inUnits(decimals: number): number {
    return unitsOf(this.mantissa, decimals - this.decimals + this.exponent);
  }
}

/** `mantissa` times 10^`shift`, rounded to an integer. */
export function unitsOf(mantissa: number, shift: number): number {
  const value = shift >= 0 ? mantissa * powerOfTen(shift) : Math.round(mantissa / powerOfTen(-shift));
  return value === 0 ? 0 : value;
}

/** 10^`exponent`, from a table where it is small: powers take longer than all else of reading a number. */
export const powerOfTen = (exponent: number): number => POWERS[exponent + LARGEST_POWER] ?? 10 ** exponent;

const LARGEST_POWER = 22;
const POWERS = Float64Array.from({ length: 2 * LARGEST_POWER + 1 }, (_, at) => 10 ** (at - LARGEST_POWER));

/**
 * Writes an integer of units of 10^-`most` as a decimal number with at least `least` digits after the mark.
 * @param units - a safe integer
 */
export function formatDecimal(
  units: number,
  [least, most]: readonly [least: number, most: number],
  mark: DecimalMark = '.',
): string {
  const digits = String(Math.abs(units)).padStart(most + 1, '0');
  const whole = digits.slice(0, digits.length - most);
  let fraction = digits.slice(digits.length - most);
  while (fraction.length > least && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  return `${units < 0 ? '-' : ''}${whole}${fraction === '' ? '' : mark + fraction}`;
}

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isBlank = (byte: number) => byte === 0x20 || byte === 0x09;

/** The most digits after the decimal mark that a column may keep. */
export const MOST_DECIMALS = 12;

import { ImageFault } from '../rgb-image';
import type { BitReader, HuffmanTable } from './entropy';
import { ZIGZAG } from './zigzag';

/** One colour of a frame: where its blocks are, and what is known of their coefficients. */
export interface Component {
  readonly id: number;
  /** Sampling factors: blocks per minimum coded unit (MCU). */
  readonly across: number;
  readonly down: number;
  /** In samples. */
  readonly width: number;
  readonly height: number;
  /** In blocks, whole MCUs. */
  readonly blocksAcross: number;
  readonly blocksDown: number;
  readonly quantizationTable: number;
  quantization: Uint16Array | undefined;
  readonly coefficients: Int16Array;
  /** For each coefficient in zigzag order: how many low bits are still to come, -1 before its first scan. */
  readonly missingBits: Int8Array;
}

export interface Frame {
  readonly width: number;
  readonly height: number;
  /** The largest sampling factors. */
  readonly across: number;
  readonly down: number;
  readonly mcus: { readonly across: number; readonly down: number };
  readonly progressive: boolean;
  readonly components: readonly Component[];
}

export interface ScanComponent {
  readonly component: Component;
  readonly dc: HuffmanTable | undefined;
  readonly ac: HuffmanTable | undefined;
  /** The last DC coefficient; the next one is coded as the difference from it. */
  prediction: number;
}

/** Which coefficients a scan holds, in zigzag order, and which of their bits. */
export interface Scan {
  readonly components: readonly ScanComponent[];
  readonly first: number;
  readonly last: number;
  /** 0 in the first scan of these coefficients, else one more than `lowBit`. */
  readonly highBit: number;
  readonly lowBit: number;
}

/** Decodes the coefficients of one scan into those of the frame's components. */
export function decodeScan(frame: Frame, scan: Scan, bits: BitReader, restartInterval: number): void {
  checkScan(frame, scan);
  const decodeBlock = blockDecoder(frame, scan, bits);
  let sinceRestart = 0;
  let restarts = 0;
  const beforeUnit = () => {
    if (restartInterval > 0 && sinceRestart === restartInterval) {
      bits.restart(restarts++);
      decodeBlock.reset();
      sinceRestart = 0;
    }
    sinceRestart++;
  };
  if (scan.components.length === 1) {
    // The unit of a scan of one component is a block, without the padding to whole MCUs.
    const [only] = scan.components as [ScanComponent];
    const { width, height, blocksAcross } = only.component;
    const [columns, rows] = [Math.ceil(width / 8), Math.ceil(height / 8)];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        beforeUnit();
        decodeBlock.at(only, 64 * (row * blocksAcross + column));
      }
    }
    return;
  }
  for (let unitRow = 0; unitRow < frame.mcus.down; unitRow++) {
    for (let unitColumn = 0; unitColumn < frame.mcus.across; unitColumn++) {
      beforeUnit();
      for (const scanned of scan.components) {
        const { across, down, blocksAcross } = scanned.component;
        for (let y = 0; y < down; y++) {
          for (let x = 0; x < across; x++) {
            const block = (unitRow * down + y) * blocksAcross + unitColumn * across + x;
            decodeBlock.at(scanned, 64 * block);
          }
        }
      }
    }
  }
}

/** Whether the scan brings what is still missing, in the order that the standard demands. */
function checkScan({ progressive }: Frame, { components, first, last, highBit, lowBit }: Scan): void {
  const isRange = progressive
    ? first <= last && last <= 63 && (first === 0 ? last === 0 : components.length === 1)
    : first === 0 && last === 63 && highBit === 0 && lowBit === 0;
  const isDistinct = new Set(components.map(({ component }) => component)).size === components.length;
  const units = components.reduce((sum, { component: { across, down } }) => sum + across * down, 0);
  const isSmall = components.length === 1 || units <= 10;
  const isNext = components.every(({ component: { missingBits } }) => {
    if (first > 0 && missingBits[0]! < 0) return false;
    return missingBits.subarray(first, last + 1).every((bits) => bits === (highBit === 0 ? -1 : highBit));
  });
  if (
    !isRange ||
    !isDistinct ||
    !isSmall ||
    !isNext ||
    lowBit > 13 ||
    (highBit > 0 && highBit !== lowBit + 1)
  ) {
    throw new ImageFault('to have its scans in order', 'a scan out of place');
  }
  for (const { component } of components) component.missingBits.fill(lowBit, first, last + 1);
}

interface BlockDecoder {
  /** Decodes the block whose coefficients begin at `start`. */
  at(scanned: ScanComponent, start: number): void;
  reset(): void;
}

function blockDecoder({ progressive }: Frame, scan: Scan, bits: BitReader): BlockDecoder {
  const { first, last, highBit, lowBit } = scan;
  const unit = 1 << lowBit;
  /** How many blocks are still without further coefficients. */
  let endOfBand = 0;

  const readDc = (scanned: ScanComponent, start: number) => {
    const size = scanned.dc!.read(bits);
    if (size > 15) throw new ImageFault('to have DC differences of at most 15 bits', String(size));
    scanned.prediction += bits.readSigned(size);
    scanned.component.coefficients[start] = scanned.prediction * unit;
  };
  /** Reads from the coefficient `from` to the end of the block or the band. */
  const readAc = ({ ac, component: { coefficients } }: ScanComponent, start: number, from: number) => {
    if (endOfBand > 0) {
      endOfBand--;
      return;
    }
    for (let k = from; k <= last; k++) {
      const symbol = ac!.read(bits);
      const [run, size] = [symbol >> 4, symbol & 15];
      if (size === 0 && run < 15) {
        if (!progressive && run > 0) throw new ImageFault('to use codes of baseline JPEG', 'another');
        endOfBand = (1 << run) - 1 + bits.read(run);
        return;
      }
      k += run;
      if (k > last) throw new ImageFault('to have at most 64 coefficients in a block', 'more');
      if (size > 0) coefficients[start + ZIGZAG[k]!] = bits.readSigned(size) * unit;
    }
  };
  /** Adds one bit to coefficients that are known, and brings those that become known (G.1.2.3). */
  const refineAc = ({ ac, component: { coefficients } }: ScanComponent, start: number) => {
    let k = first;
    const refine = (at: number) => {
      if (bits.read(1) === 1 && (coefficients[at]! & unit) === 0)
        coefficients[at]! += coefficients[at]! > 0 ? unit : -unit;
    };
    for (; endOfBand === 0 && k <= last; k++) {
      const symbol = ac!.read(bits);
      const [run, size] = [symbol >> 4, symbol & 15];
      if (size > 1) throw new ImageFault('to refine coefficients by one bit', `${size} bits`);
      if (size === 0 && run < 15) {
        endOfBand = (1 << run) + bits.read(run);
        break;
      }
      const value = size === 0 ? 0 : bits.read(1) === 1 ? unit : -unit;
      for (let zeros = run; k <= last; k++) {
        const at = start + ZIGZAG[k]!;
        if (coefficients[at] !== 0) refine(at);
        else if (zeros-- === 0) break;
      }
      if (value !== 0) {
        if (k > last) throw new ImageFault('to have at most 64 coefficients in a block', 'more');
        coefficients[start + ZIGZAG[k]!] = value;
      }
    }
    if (endOfBand === 0) return;
    for (; k <= last; k++) {
      const at = start + ZIGZAG[k]!;
      if (coefficients[at] !== 0) refine(at);
    }
    endOfBand--;
  };

  const at = (scanned: ScanComponent, start: number) => {
    if (!progressive) {
      readDc(scanned, start);
      readAc(scanned, start, 1);
    } else if (first > 0) {
      if (highBit === 0) readAc(scanned, start, first);
      else refineAc(scanned, start);
    } else if (highBit === 0) readDc(scanned, start);
    else if (bits.read(1) === 1) scanned.component.coefficients[start]! |= unit;
  };
  const reset = () => {
    endOfBand = 0;
    for (const scanned of scan.components) scanned.prediction = 0;
  };
  return { at, reset };
}

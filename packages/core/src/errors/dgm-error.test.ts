import { describe, expect, it, vi } from 'vitest';
import {
  ArgumentError,
  DgmError,
  DomainError,
  EngineError,
  NumericalError,
  SerializationError,
  ShapeError,
  StateError,
  UnsupportedError,
  type DgmErrorCode,
} from './dgm-error';

const classes = {
  shape: ShapeError,
  argument: ArgumentError,
  domain: DomainError,
  numerical: NumericalError,
  state: StateError,
  unsupported: UnsupportedError,
  engine: EngineError,
  serialization: SerializationError,
} as const;

describe.each(Object.entries(classes))('the error of code %s', (code, ErrorOfCode) => {
  const details = { where: 'Dense.apply', argument: 'x', expected: 'of shape [..., 3]', actual: '[32, 2]' };
  const error = new ErrorOfCode({ ...details, remedy: 'transpose it', cause: 'a reason' });

  it('says what was expected, what came and what to do, in text and in fields', () => {
    expect(error.message).toBe('Dense.apply: expected x of shape [..., 3], got [32, 2]; transpose it');
    expect(error).toMatchObject({ code, argument: 'x', expected: 'of shape [..., 3]', actual: '[32, 2]' });
    expect(error.cause).toBe('a reason');
  });

  it('says where its usual causes are described', () => {
    expect(error.docs).toBe(`https://dgm-js.github.io/dgm/errors/${code}`);
  });

  it('is an Error with a name that shows its kind', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error.name).toBe(`${code[0]!.toUpperCase()}${code.slice(1)}Error`);
    expect(String(error)).toBe(`${error.name}: ${error.message}`);
  });

  it('is recognised as its own kind only', () => {
    expect(DgmError.is(error)).toBe(true);
    for (const other of Object.keys(classes) as DgmErrorCode[])
      expect(DgmError.is(error, other)).toBe(other === code);
  });
});

describe('DgmError', () => {
  it('is recognised across two copies of the package, where instanceof is not', async () => {
    vi.resetModules();
    const copy = await import('./dgm-error');
    expect(copy.ShapeError).not.toBe(ShapeError);
    const foreign = new copy.ShapeError({ where: 'x' });
    expect(foreign instanceof DgmError).toBe(false);
    expect(DgmError.is(foreign, 'shape')).toBe(true);
    expect(copy.DgmError.is(new DomainError({ where: 'x' }), 'domain')).toBe(true);
  });

  it.each([
    null,
    undefined,
    'shape',
    1,
    new Error('x'),
    { code: 'shape' },
    Object.assign(new Error(), { code: 'ENOENT' }),
  ])('does not recognise %s', (value) => {
    expect(DgmError.is(value)).toBe(false);
    expect(DgmError.is(value, 'shape')).toBe(false);
  });

  it.each([
    [{ where: 'f' }, 'f: '],
    [{ where: 'f', argument: 'x' }, 'f: x'],
    [{ where: 'f', expected: 'a number' }, 'f: expected a number'],
    [{ where: 'f', actual: 'NaN' }, 'f: got NaN'],
    [{ where: 'f', argument: 'x', actual: 'NaN', remedy: 'clean it' }, 'f: x, got NaN; clean it'],
  ])('leaves out what is not known: %j', (details, message) => {
    expect(new ShapeError(details).message).toBe(message);
  });

  it('has no cause unless one is given', () => {
    expect('cause' in new ShapeError({ where: 'f' })).toBe(false);
  });
});

import { invalid, malformed, type FieldError } from '@clientela/errors';
import { joinPath, maxErrors } from './field-errors.ts';

/** The deepest nesting of a body, counted from its root. */
export const maxJsonDepth = 40;

/**
 * Parses JSON text that a client sent. Rejects what `JSON.parse` would change silently, and nesting that recursive code could not walk.
 * @throws AppError 400 for malformed JSON, 422 with the paths of the faults
 */
export function parseJson(text: string): unknown {
  try {
    const errors = scanJson(text);
    const value: unknown = JSON.parse(text);
    if (errors.length > 0) throw invalid(errors.slice(0, maxErrors));
    return value;
  } catch (error) {
    throw error instanceof SyntaxError ? malformed('The body is not valid JSON') : error;
  }
}

/** An open object or array. `place` is the current key or index; only objects have `keys`. */
type Container = { keys: Set<string> | undefined; place: string | number; expectsKey: boolean };

const quote = 0x22;
const backslash = 0x5c;
const code = { comma: 0x2c, minus: 0x2d, openBracket: 0x5b, closeBracket: 0x5d, openBrace: 0x7b, closeBrace: 0x7d };
const isDigit = (character: number) => character >= 0x30 && character <= 0x39;
/** An integer of fewer digits is always safe. */
const safeDigits = 15;
const numberCharacters = /[-+.eE\d]+/y;

/**
 * Finds duplicate keys, the key `__proto__` and numbers out of range, without recursion.
 * @param text assumed to be valid; `JSON.parse` rejects other text
 * @throws AppError 422 at the first container that is nested too deeply
 */
function scanJson(text: string): FieldError[] {
  const errors: FieldError[] = [];
  const stack: Container[] = [];
  let container: Container | undefined;
  const report = (message: string) => {
    // Bounds the work for a body full of faults.
    if (errors.length < maxErrors) errors.push({ path: joinPath(stack.map(({ place }) => place)), message });
  };
  for (let index = 0; index < text.length; index += 1) {
    const character = text.charCodeAt(index);
    if (character === quote) {
      const end = endOfString(text, index);
      if (container?.expectsKey) {
        container.place = decodeKey(text.slice(index, end + 1));
        container.expectsKey = false;
        const fault = keyFault(container, container.place);
        if (fault) report(fault);
      }
      index = end;
    } else if (character === code.openBrace || character === code.openBracket) {
      if (stack.length === maxJsonDepth) {
        const path = joinPath(stack.map(({ place }) => place));
        throw invalid([{ path, message: `must not nest deeper than ${maxJsonDepth} levels` }]);
      }
      const isObject = character === code.openBrace;
      container = { keys: isObject ? new Set() : undefined, place: isObject ? '' : 0, expectsKey: isObject };
      stack.push(container);
    } else if (character === code.closeBrace || character === code.closeBracket) {
      stack.pop();
      container = stack.at(-1);
    } else if (character === code.comma && container) {
      if (typeof container.place === 'number') container.place += 1;
      else container.expectsKey = true;
    } else if (character === code.minus || isDigit(character)) {
      numberCharacters.lastIndex = index;
      const [literal = ''] = numberCharacters.exec(text) ?? [];
      const fault = numberFault(literal);
      if (fault) report(fault);
      index += literal.length - 1;
    }
  }
  return errors;
}

/** Returns the index of the closing quote: the next one that no backslash escapes. */
function endOfString(text: string, start: number): number {
  let end = start;
  do {
    end = text.indexOf('"', end + 1);
    if (end === -1) return text.length;
  } while (isEscaped(text, end));
  return end;
}

/** Whether the number of backslashes before an index is odd. */
function isEscaped(text: string, index: number): boolean {
  let start = index;
  while (text.charCodeAt(start - 1) === backslash) start -= 1;
  return (index - start) % 2 === 1;
}

/** Decodes the string of a key; `literal` includes the quotes. */
const decodeKey = (literal: string): string =>
  literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);

function keyFault({ keys }: Container, key: string): string | undefined {
  if (key === '__proto__') return 'is not an allowed name';
  if (keys?.has(key)) return 'must not be repeated in one object';
  keys?.add(key);
  return undefined;
}

function numberFault(literal: string): string | undefined {
  if (literal.length <= safeDigits && !/[eE]/.test(literal)) return undefined;
  const isInteger = /^-?\d+$/.test(literal);
  if (isInteger && !Number.isSafeInteger(Number(literal)))
    return `must be from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}; send a larger integer as a string`;
  return Number.isFinite(Number(literal)) ? undefined : 'is too large a number';
}

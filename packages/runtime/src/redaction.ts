import { sensitiveKeys, personalColumns } from './redacted-names.ts';

const redacted = '[redacted]';
const deepest = 6; // levels of objects
const most = 200; // values in one line, below its own fields
const longest = 4000; // characters of a text
const texts = 16_000; // characters of all texts below a line's own fields
const causes = 5; // of an error

/** However a name is written: `first_name`, `firstName`, `First-Name`. */
const plain = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
const names = new Set([...personalColumns, ...sensitiveKeys].map(plain));

const known = new Map<string, boolean>();
const remembered = 1000; // names; lines of log have few

function isRedacted(name: string): boolean {
  const found = known.get(name);
  if (found !== undefined) return found;
  const answer = names.has(plain(name));
  if (known.size < remembered) known.set(name, answer);
  return answer;
}

/** How much more a line takes. */
type Room = { values: number; characters: number };
const newRoom = (): Room => ({ values: most, characters: texts });

/**
 * What a line of log may say: at any depth no value under the name of a personal or sensitive column, errors without what they carry along,
 * and no more than a line should hold. A line of plain fields is given back as it is.
 */
export function redact(fields: object): object {
  let copy: Record<string, unknown> | undefined;
  let room: Room | undefined;
  if (fields instanceof Error) return serializeError(fields);
  for (const name in fields) {
    const value = (fields as Record<string, unknown>)[name];
    const kept =
      value === undefined || value === null
        ? value
        : isRedacted(name)
          ? redacted
          : name === 'err'
            ? serializeError(value)
            : typeof value === 'object'
              ? shown(value, 1, (room ??= newRoom()))
              : typeof value === 'string'
                ? clipped(value)
                : value;
    if (kept !== value) (copy ??= { ...fields } as Record<string, unknown>)[name] = kept;
  }
  return copy ?? fields;
}

/** The words of a message, with what was given to be put into it. */
export const redactArgument = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? shown(value, 1, newRoom()) : value;

const clipped = (text: string) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

function fitting(text: string, room: Room): string {
  room.characters -= Math.min(text.length, longest);
  return room.characters < 0 ? '[more]' : clipped(text);
}

function shown(value: unknown, depth: number, room: Room): unknown {
  room.values -= 1;
  if (typeof value === 'string') return fitting(value, room);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (room.values < 0) return '[more]';
  if (depth > deepest) return '[deeper]';
  if (value instanceof Date) return value;
  if (value instanceof Error) return serializeError(value);
  if (ArrayBuffer.isView(value)) return '[bytes]';
  try {
    return shownObject(value, depth, room);
  } catch {
    return '[unreadable]';
  }
}

function shownObject(value: object, depth: number, room: Room): unknown {
  if ('toJSON' in value && typeof value.toJSON === 'function') return shown(value.toJSON(), depth + 1, room);
  if (value instanceof Map) return shown(Object.fromEntries(value), depth + 1, room);
  if (Array.isArray(value) || value instanceof Set) {
    const some = [...value].slice(0, Math.max(room.values, 0));
    const items = some.map((item) => shown(item, depth + 1, room));
    const length = Array.isArray(value) ? value.length : value.size;
    return some.length < length ? [...items, '[more]'] : items;
  }
  const copy: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    if (room.values <= 0) {
      copy['…'] = '[more]';
      break;
    }
    copy[name] = item === null || item === undefined || !isRedacted(name) ? shown(item, depth + 1, room) : redacted;
  }
  return copy;
}

export type SerializedError = { type: string; message: string; code?: string; stack?: string; cause?: SerializedError };

/** An error without what it carries along: a database's brings the values of the row. Its causes too, as far as they are errors. */
export function serializeError(error: unknown, depth = 1): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'a value that is no error was thrown' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    message: messageOf(error, code),
    ...(code && { code }),
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
    ...(error.cause instanceof Error && depth < causes && { cause: serializeError(error.cause, depth + 1) }),
  };
}

function messageOf(error: Error, code: string | undefined): string {
  const sqlstate = code !== undefined && /^[0-9A-Z]{5}$/.test(code);
  // Knex puts the statement in front of the message: what follows the last ' - ' is PostgreSQL's own sentence.
  const message = sqlstate ? (error.message.split(' - ').at(-1) ?? '') : error.message;
  // What could not be read as data (class 22) or as JSON is quoted there.
  const quotes = (sqlstate && code.startsWith('22')) || error instanceof SyntaxError;
  return clipped(quotes ? message.replace(/['"].*['"]/s, '"…"') : message);
}

const redacted = '[redacted]';
const maxDepth = 6; // levels of objects
const maxValues = 200; // values in one line, below its own fields
const maxTextLength = 4000; // characters of one text
const maxTotalLength = 16_000; // characters of all texts below a line's own fields
const maxCauses = 5; // of an error
const nameCacheSize = 1000; // log lines use few names

/** Names of credentials and of request parts. They are redacted in every log. */
export const sensitiveKeys: readonly string[] = [
  'access_token',
  'authorization',
  'body',
  'cookie',
  'current_password',
  'headers',
  'new_password',
  'password',
  'query',
  'refresh_token',
  'secret',
  'service_key',
  'set_cookie',
  'token',
  'user_agent',
  'x_service_key',
];

/** Normalizes the spellings of a name: `first_name`, `firstName`, `First-Name`. */
const normalizeName = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** How much a line may still hold. */
type Budget = { values: number; characters: number };
const newBudget = (): Budget => ({ values: maxValues, characters: maxTotalLength });

export type Redactor = {
  /**
   * Redacts the fields of a log line at any depth: values under redacted names, and the extra properties of errors.
   * Bounds the size of the line. Returns the same object when nothing changes.
   */
  redact: (fields: object) => object;
  /** Redacts a message's interpolation argument. */
  redactArgument: (value: unknown) => unknown;
};

/** @param names redacted in any spelling, in addition to `sensitiveKeys` */
export function createRedactor(names: readonly string[]): Redactor {
  const redactedNames = new Set([...names, ...sensitiveKeys].map(normalizeName));
  const nameCache = new Map<string, boolean>();

  function isRedacted(name: string): boolean {
    const cached = nameCache.get(name);
    if (cached !== undefined) return cached;
    const result = redactedNames.has(normalizeName(name));
    if (nameCache.size < nameCacheSize) nameCache.set(name, result);
    return result;
  }

  function redact(fields: object): object {
    let copy: Record<string, unknown> | undefined;
    let budget: Budget | undefined;
    if (fields instanceof Error) return serializeError(fields);
    for (const name in fields) {
      const value = (fields as Record<string, unknown>)[name];
      const safe =
        value === undefined || value === null
          ? value
          : isRedacted(name)
            ? redacted
            : name === 'err'
              ? serializeError(value)
              : typeof value === 'object'
                ? redactValue(value, 1, (budget ??= newBudget()))
                : typeof value === 'string'
                  ? truncate(value)
                  : value;
      if (safe !== value) (copy ??= { ...fields } as Record<string, unknown>)[name] = safe;
    }
    return copy ?? fields;
  }

  function redactValue(value: unknown, depth: number, budget: Budget): unknown {
    budget.values -= 1;
    if (typeof value === 'string') return spendText(value, budget);
    if (typeof value === 'function' || typeof value === 'symbol') return undefined;
    if (typeof value !== 'object' || value === null) return value;
    if (budget.values < 0) return '[more]';
    if (depth > maxDepth) return '[deeper]';
    if (value instanceof Date) return value;
    if (value instanceof Error) return serializeError(value);
    if (ArrayBuffer.isView(value)) return '[bytes]';
    try {
      return redactObject(value, depth, budget);
    } catch {
      return '[unreadable]';
    }
  }

  function redactObject(value: object, depth: number, budget: Budget): unknown {
    if ('toJSON' in value && typeof value.toJSON === 'function') return redactValue(value.toJSON(), depth + 1, budget);
    if (value instanceof Map) return redactValue(Object.fromEntries(value), depth + 1, budget);
    if (Array.isArray(value) || value instanceof Set) {
      const head = [...value].slice(0, Math.max(budget.values, 0));
      const items = head.map((item) => redactValue(item, depth + 1, budget));
      const length = Array.isArray(value) ? value.length : value.size;
      return head.length < length ? [...items, '[more]'] : items;
    }
    const copy: Record<string, unknown> = {};
    for (const [name, item] of Object.entries(value)) {
      if (budget.values <= 0) {
        copy['…'] = '[more]';
        break;
      }
      copy[name] =
        item === null || item === undefined || !isRedacted(name) ? redactValue(item, depth + 1, budget) : redacted;
    }
    return copy;
  }

  return {
    redact,
    redactArgument: (value) =>
      typeof value === 'object' && value !== null ? redactValue(value, 1, newBudget()) : value,
  };
}

const truncate = (text: string) => (text.length > maxTextLength ? `${text.slice(0, maxTextLength)}…` : text);

function spendText(text: string, budget: Budget): string {
  budget.characters -= Math.min(text.length, maxTextLength);
  return budget.characters < 0 ? '[more]' : truncate(text);
}

export type SerializedError = { type: string; message: string; code?: string; stack?: string; cause?: SerializedError };

/** Serializes an error and its causes without further properties: a database error's hold the values of the row. */
export function serializeError(error: unknown, depth = 1): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'a value that is not an Error was thrown' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  return {
    type: error.name,
    message: messageOf(error, code),
    ...(code && { code }),
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
    ...(error.cause instanceof Error && depth < maxCauses && { cause: serializeError(error.cause, depth + 1) }),
  };
}

function messageOf(error: Error, code: string | undefined): string {
  const isSqlstate = code !== undefined && /^[0-9A-Z]{5}$/.test(code);
  // Knex prepends the statement: PostgreSQL's own message follows the last ' - '.
  const message = isSqlstate ? (error.message.split(' - ').at(-1) ?? '') : error.message;
  // Data exceptions (class 22) and JSON syntax errors quote the input.
  const quotesInput = (isSqlstate && code.startsWith('22')) || error instanceof SyntaxError;
  return truncate(quotesInput ? message.replace(/['"].*['"]/s, '"…"') : message);
}

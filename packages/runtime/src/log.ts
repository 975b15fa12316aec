import { destination, pino, type DestinationStream, type LogFn, type Logger } from 'pino';
import { createRedactor, type Redactor } from './redaction.ts';
import { currentSpan } from './tracing.ts';

export type Log = Logger;

/**
 * Creates a logger that writes one JSON line per entry. Redacts values under `redact` and the names of credentials at any depth, and
 * reduces errors to type, message and stack, because a database error carries the row's values. Callers still log allow-listed fields
 * only.
 * @param options.out default standard output, written asynchronously, so that a full pipe delays no request
 * @param options.redact names whose values are redacted, in any spelling
 */
export function createLog(
  service: string,
  level: string,
  options: { redact: readonly string[]; out?: DestinationStream },
): Log {
  const redactor = createRedactor(options.redact);
  const pinoOptions = {
    base: { service, pid: process.pid },
    level: level === 'warning' ? 'warn' : level,
    timestamp: createTimestamp(),
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors are plain objects by then.
    serializers: { err: (serialized: unknown) => serialized },
    hooks: { logMethod: redactEntry(redactor) },
    mixin: traceFields,
    mixinMergeStrategy: (line: object, fields: object) => (fields === noFields ? line : { ...fields, ...line }),
  };
  const log = pino(pinoOptions, options.out ?? destination({ fd: 1, sync: false }));
  const { child } = log;
  function redactedChild(this: Logger, fields: object, ...childOptions: unknown[]): unknown {
    return Reflect.apply(child, this, [redactor.redact(fields), ...childOptions]);
  }
  return Object.assign(log, { child: redactedChild as typeof child });
}

/**
 * Creates a function that logs a request at level info, in the format of the log. Skips redaction and pino's objects, which cost more than
 * the line: every field must be the process's own, such as a route's template or an id, and never a value of a client.
 */
export function requestLog(log: Log): (fields: Readonly<Record<string, unknown>>) => void {
  const { streamSym, chindingsSym, lsCacheSym, timeSym } = pino.symbols;
  const internals = log as unknown as Record<symbol, unknown>;
  const stream = internals[streamSym] as DestinationStream;
  const level = (internals[lsCacheSym] as Record<number, string>)[log.levels.values['info'] ?? 30]; // `{"level":"info"`
  const bindings = String(internals[chindingsSym]); // `,"service":"gateway","pid":1`
  const time = internals[timeSym] as () => string;
  return (fields) => {
    if (!log.isLevelEnabled('info')) return;
    stream.write(`${level}${time()}${bindings},${JSON.stringify(fields).slice(1)}\n`);
  };
}

/** Returns a function that writes the time of a line. It formats a date once a second, because that costs as much as the rest of a line. */
function createTimestamp(): () => string {
  let second = 0; // Unix time in milliseconds
  let start = '';
  return () => {
    const now = Date.now();
    if (now < second || now >= second + 1000) {
      second = now - (now % 1000);
      start = `,"time":"${new Date(second).toISOString().slice(0, '2026-01-01T00:00:00.'.length)}`;
    }
    return `${start}${String(now - second).padStart(3, '0')}Z"`;
  };
}

const noFields = {};
/** The trace that a line belongs to. A line that names one itself keeps it. */
const traceFields = (): object => {
  const span = currentSpan();
  return span ? { trace_id: span.trace.id } : noFields;
};

/** Redacts before pino does anything, because pino would use an error's message as the line's. */
const redactEntry = ({ redact, redactArgument }: Redactor) =>
  function (this: Logger, args: Parameters<LogFn>, write: LogFn): void {
    const [fields, ...rest] = args as [unknown, ...unknown[]];
    const isObject = typeof fields === 'object' && fields !== null;
    const first = fields instanceof Error ? { err: redact(fields) } : isObject ? redact(fields) : fields;
    write.apply(this, [first, ...rest.map(redactArgument)] as Parameters<LogFn>);
  };

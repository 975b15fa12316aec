import { destination, pino, type LogFn, type Logger } from 'pino';
import { redact, redactArgument } from './redaction.ts';

export type Log = Logger;

/**
 * Creates a logger that writes one JSON line per entry. Writes to standard output asynchronously, so that a full pipe delays
 * no request. Redacts values under personal and sensitive names at any depth, and reduces errors to type, message and stack,
 * because a database error carries the row's values. Callers still log allow-listed fields only.
 */
export function createLog(service: string, level: string, out: NodeJS.WritableStream | number = 1): Log {
  const options = {
    base: { service, pid: process.pid },
    level: level === 'warning' ? 'warn' : level,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // Errors are plain objects by then.
    serializers: { err: (serialized: unknown) => serialized },
    hooks: { logMethod: redactEntry },
  };
  const log = typeof out === 'number' ? pino(options, destination({ fd: out, sync: false })) : pino(options, out);
  const { child } = log;
  function redactedChild(this: Logger, fields: object, ...options: unknown[]): unknown {
    return Reflect.apply(child, this, [redact(fields), ...options]);
  }
  return Object.assign(log, { child: redactedChild as typeof child });
}

/** Redacts before pino does anything, because pino would use an error's message as the line's. */
function redactEntry(this: Logger, args: Parameters<LogFn>, write: LogFn): void {
  const [fields, ...rest] = args as [unknown, ...unknown[]];
  const isObject = typeof fields === 'object' && fields !== null;
  const first = fields instanceof Error ? { err: redact(fields) } : isObject ? redact(fields) : fields;
  write.apply(this, [first, ...rest.map(redactArgument)] as Parameters<LogFn>);
}

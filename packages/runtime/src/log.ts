import { destination, pino, type LogFn, type Logger } from 'pino';
import { redact, redactArgument } from './redaction.ts';

export type Log = Logger;

/**
 * One JSON line per entry on standard output. Lines are written as they come, beside the work: a full pipe holds up no request.
 * Callers log allow-listed fields. What slips through is censored by the names of the personal and sensitive columns, at any depth, and
 * errors are reduced to name, message and stack, as a database error carries the row's values.
 */
export function createLog(service: string, level: string, out: NodeJS.WritableStream | number = 1): Log {
  const options = {
    base: { service, pid: process.pid },
    level: level === 'warning' ? 'warn' : level,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    // An error has become a plain object by then.
    serializers: { err: (plain: unknown) => plain },
    hooks: { logMethod: censoring },
  };
  const log = typeof out === 'number' ? pino(options, destination({ fd: out, sync: false })) : pino(options, out);
  const { child } = log;
  function childOf(this: Logger, fields: object, ...options: unknown[]): unknown {
    return Reflect.apply(child, this, [redact(fields), ...options]);
  }
  return Object.assign(log, { child: childOf as typeof child });
}

/** Before pino sees anything of it: it would make an error's message that of the line. */
function censoring(this: Logger, given: Parameters<LogFn>, write: LogFn): void {
  const [fields, ...rest] = given as [unknown, ...unknown[]];
  const seen = typeof fields === 'object' && fields !== null;
  const first = fields instanceof Error ? { err: redact(fields) } : seen ? redact(fields) : fields;
  write.apply(this, [first, ...rest.map(redactArgument)] as Parameters<LogFn>);
}

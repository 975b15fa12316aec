import { destination, pino, type Logger } from 'pino';

export type Log = Logger;

/**
 * One JSON line per entry on standard output. Lines are written as they come, beside the work: a full pipe holds up no request.
 * Callers log allow-listed fields; errors are reduced to name, message and stack, as a database error carries the row's values.
 */
export function createLog(service: string, level: string, out: NodeJS.WritableStream | number = 1): Log {
  const options = {
    base: { service, pid: process.pid },
    level: level === 'warning' ? 'warn' : level,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: plainError },
  };
  return typeof out === 'number' ? pino(options, destination({ fd: out, sync: false })) : pino(options, out);
}

type PlainError = { type: string; message: string; code?: string; stack?: string; cause?: PlainError };

function plainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'a value that is no error was thrown' };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
  // Knex puts the statement in front of the message: what follows the last ' - ' is PostgreSQL's own sentence.
  const message = code && /^[0-9A-Z]{5}$/.test(code) ? (error.message.split(' - ').at(-1) ?? '') : error.message;
  return {
    type: error.name,
    message,
    ...(code && { code }),
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
    ...(error.cause instanceof Error && { cause: plainError(error.cause) }),
  };
}

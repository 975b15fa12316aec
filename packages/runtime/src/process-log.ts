import { createRequire } from 'node:module';
import { destination } from 'pino';
import { createLog, type Log } from './log.ts';
import { shipLogs } from './log-shipping.ts';
import type { LogSettings } from './settings.ts';

const flushInterval = 100; // milliseconds
const bufferedBytes = 12_288; // less than what pino writes at once

/** Starts of lines that are written at once: what they report may end the process. */
const isUrgent = (line: string): boolean => line.startsWith('{"level":"error"') || line.startsWith('{"level":"fatal"');

/**
 * Opens standard output for lines that are collected for a moment: one write for each would cost as much as a small request. Errors
 * are written at once, and everything when the process exits, also after an uncaught exception. Only a kill loses the last lines. What is
 * written at the exit may precede a write that was in progress, which node completes.
 */
function openBufferedOutput(): { write: (line: string, isUrgent: boolean) => void; flushSync: () => void } {
  const out = destination({ fd: 1, sync: false, minLength: bufferedBytes });
  let timer: NodeJS.Timeout | undefined;
  let isFlushDue = false;
  /** Lines that pino has not yet. It would measure all that wait again for each. */
  let lines = '';
  const passOn = () => {
    if (lines !== '') out.write(lines);
    lines = '';
  };
  const flush = () => {
    isFlushDue = true;
    passOn();
    out.flush();
  };
  // A flush during a write does nothing: it is repeated after that.
  out.on('drain', () => {
    if (!isFlushDue) return;
    isFlushDue = false;
    out.flush();
  });
  const onTimer = () => {
    timer = undefined;
    flush();
  };
  const flushSync = () => {
    passOn();
    out.flushSync();
  };
  process.once('exit', flushSync);
  return {
    write: (line, isUrgent) => {
      lines += line;
      if (isUrgent) return flush();
      if (lines.length >= bufferedBytes) passOn();
      timer ??= setTimeout(onTimer, flushInterval).unref();
    },
    flushSync,
  };
}

/**
 * Opens the log of a process: standard output, and the log service where one is set.
 * @param options.redact names whose values are redacted
 * @returns the log, and what writes and sends its last lines when the process ends
 * @throws Error when lines for people are asked for and `pino-pretty` is not installed
 */
export function openLog(
  service: string,
  settings: LogSettings,
  options: { redact: readonly string[] },
): { log: Log; close: () => Promise<void> } {
  const { LOG_LEVEL: level, LOG_SERVICE_URL: url } = settings;
  const out = openBufferedOutput();
  const format = lineFormat(settings);
  const write = (line: string) => out.write(format(line), isUrgent(line));
  const local = createLog(service, level, { redact: options.redact, out: { write } });
  const shipper =
    url === undefined
      ? undefined
      : shipLogs(url, {
          onFailure: (err) => local.warn({ err }, 'log service: lines are not sent, retrying'),
          onDropped: (lines) => local.warn({ lines }, 'log service: lines dropped'),
        });
  const both = (line: string) => {
    write(line);
    shipper?.write(line);
  };
  return {
    log: shipper ? createLog(service, level, { redact: options.redact, out: { write: both } }) : local,
    close: async () => {
      await shipper?.close();
      out.flushSync();
    },
  };
}

type Prettify = (line: string) => string | undefined;

/** Begins a line with what is read first: `GET /api/customers/{id} 200 3.1 ms`. Ids follow, at its end. */
function requestFirst({ method, route, status, ms, msg }: Record<string, string | number | undefined>): string {
  const duration = ms === undefined ? undefined : `${ms} ms`;
  return [method, route, status, duration, msg].filter((part) => part !== undefined).join(' ');
}

/** Lines for people in development, JSON otherwise and where `pino-pretty`, a development dependency, is missing. */
function lineFormat({ LOG_FORMAT, ENVIRONMENT }: LogSettings): (line: string) => string {
  if (LOG_FORMAT === 'json' || (LOG_FORMAT === undefined && ENVIRONMENT === 'production')) return (line) => line;
  try {
    // Required, not imported: production never loads it.
    const { prettyFactory } = createRequire(import.meta.url)('pino-pretty') as {
      prettyFactory: (options: object) => Prettify;
    };
    const prettify = prettyFactory({
      singleLine: true,
      ignore: 'pid,service,method,route,status,ms',
      translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
      messageFormat: requestFirst,
    });
    return (line) => prettify(line) ?? line;
  } catch (cause) {
    if (LOG_FORMAT === undefined) return (line) => line;
    throw new Error('LOG_FORMAT: pretty needs the development dependency pino-pretty', { cause });
  }
}

import { describe, expect, test } from 'vitest';
import {
  newProxiedRequest,
  transition,
  type ProxiedRequest,
  type ProxyAction,
  type ProxyEvent,
  type ProxyRules,
} from './proxied-request.ts';

const rules: ProxyRules = { isStream: false, isSafe: true, deadline: 5000, rateWindow: 1000, minBytes: 100 };
const stream = { ...rules, isStream: true };
const unsafe = { ...rules, isSafe: false };

const queued = newProxiedRequest;
const sent: ProxiedRequest = { ...queued, phase: 'sent' };
const responding: ProxiedRequest = { ...queued, phase: 'responding' };
const settled: ProxiedRequest = { ...queued, phase: 'settled' };
const retried = { ...sent, isRetried: true };
const pastDeadline = { ...responding, isPastDeadline: true };

const failed = (
  code: string,
  isReusedConnection = false,
  hasOtherReplica = false,
  hasRetryBudget = true,
): ProxyEvent => ({
  type: 'upstreamFailed',
  code,
  isReusedConnection,
  hasOtherReplica,
  hasRetryBudget,
});
type Timeout = Extract<ProxyEvent, { type: 'timedOut' }>;
const timedOut = (facts: Partial<Timeout> = {}): ProxyEvent => ({
  type: 'timedOut',
  bytesMoved: 0,
  isHeadersSent: false,
  isConnecting: false,
  isBodyLate: false,
  ...facts,
});
const rejected = (isHeadersSent: boolean): ProxyEvent => ({ type: 'bodyRejected', code: 'TOO_LARGE', isHeadersSent });
const fail = (failure: string, cause: string) => ({ type: 'fail', failure, cause }) as ProxyAction;
const disconnect = (cause: string): ProxyAction => ({ type: 'disconnect', cause });
const wait = (ms: number): ProxyAction => ({ type: 'wait', ms });
const none: ProxyAction = { type: 'none' };

type Case = [
  what: string,
  from: ProxiedRequest,
  event: ProxyEvent,
  to: ProxiedRequest,
  action: ProxyAction,
  ProxyRules?,
];
const cases: Record<string, Case[]> = {
  'the usual course': [
    ['sends once connected', queued, { type: 'connected' }, sent, { type: 'send' }],
    ['forwards the response', sent, { type: 'responded' }, responding, { type: 'forward' }],
    [
      'ignores the end of the upstream request after its response',
      responding,
      { type: 'upstreamClosed' },
      responding,
      none,
    ],
    ['settles when the client has the response', responding, { type: 'clientClosed' }, settled, none],
    ['settles when the client leaves the queue', queued, { type: 'clientClosed' }, settled, none],
  ],
  'a failing upstream request': [
    [
      'is a 503 when no connection was opened',
      sent,
      failed('ECONNREFUSED'),
      settled,
      fail('serviceUnavailable', 'ECONNREFUSED'),
    ],
    [
      'is a 503 when the host is unknown',
      queued,
      failed('ENOTFOUND'),
      settled,
      fail('serviceUnavailable', 'ENOTFOUND'),
    ],
    ['is a 502 when the connection broke', sent, failed('ECONNRESET'), settled, fail('badGateway', 'ECONNRESET')],
    [
      'is a 502 for a malformed response',
      sent,
      failed('HPE_INVALID_CONSTANT'),
      settled,
      fail('badGateway', 'HPE_INVALID_CONSTANT'),
    ],
    [
      'is a 502 when it closed without a response',
      sent,
      { type: 'upstreamClosed' },
      settled,
      fail('badGateway', 'no response'),
    ],
    [
      'is a 502 when a used connection timed out',
      sent,
      failed('ETIMEDOUT', true),
      settled,
      fail('badGateway', 'ETIMEDOUT'),
    ],
    ['disconnects the client during the response', responding, failed('ECONNRESET'), settled, disconnect('ECONNRESET')],
    ['without open files is a 503', queued, failed('EMFILE'), settled, fail('serviceUnavailable', 'EMFILE')],
  ],
  'a stale connection': [
    ['is retried (ECONNRESET)', sent, failed('ECONNRESET', true), { ...queued, isRetried: true }, { type: 'retry' }],
    [
      'is a 502 once the budget of retries is spent',
      sent,
      failed('ECONNRESET', true, true, false),
      settled,
      fail('badGateway', 'ECONNRESET'),
    ],
    ['is retried (EPIPE)', sent, failed('EPIPE', true), { ...queued, isRetried: true }, { type: 'retry' }],
    [
      'is not retried twice',
      retried,
      failed('ECONNRESET', true),
      { ...settled, isRetried: true },
      fail('badGateway', 'ECONNRESET'),
    ],
    [
      'is not retried for an unsafe method',
      sent,
      failed('ECONNRESET', true),
      settled,
      fail('badGateway', 'ECONNRESET'),
      unsafe,
    ],
    ['is not retried during the response', responding, failed('ECONNRESET', true), settled, disconnect('ECONNRESET')],
  ],
  'a failure while another replica is left': [
    [
      'goes there when no connection was opened, whatever the method',
      queued,
      failed('ECONNREFUSED', false, true),
      queued,
      { type: 'retry' },
      unsafe,
    ],
    [
      'goes there although it was repeated before',
      { ...queued, isRetried: true },
      failed('ETIMEDOUT', false, true),
      { ...queued, isRetried: true },
      { type: 'retry' },
    ],
    [
      'stays here without open files',
      queued,
      failed('EMFILE', false, true),
      settled,
      fail('serviceUnavailable', 'EMFILE'),
    ],
    [
      'repeats a read that was reset',
      sent,
      failed('ECONNRESET', false, true),
      { ...queued, isRetried: true },
      { type: 'retry' },
    ],
    [
      'repeats it once only',
      retried,
      failed('ECONNRESET', false, true),
      { ...settled, isRetried: true },
      fail('badGateway', 'ECONNRESET'),
    ],
    [
      'repeats no write that was sent',
      sent,
      failed('ECONNRESET', true, true),
      settled,
      fail('badGateway', 'ECONNRESET'),
      unsafe,
    ],
    [
      'repeats nothing that has a response',
      responding,
      failed('ECONNRESET', false, true),
      settled,
      disconnect('ECONNRESET'),
    ],
  ],
  'a rejected body': [
    ['is a problem before the response', sent, rejected(false), settled, fail('bodyRejected', 'TOO_LARGE')],
    ['is cut off when it takes nothing', responding, { type: 'clientStalled' }, settled, disconnect('stalled client')],
    ['disconnects the client during the response', responding, rejected(true), settled, disconnect('TOO_LARGE')],
  ],
  'the deadline': [
    [
      'is a 503 without a free connection',
      queued,
      timedOut(),
      settled,
      fail('serviceUnavailable', 'no free connection'),
    ],
    [
      'is a 503 without an open connection',
      queued,
      timedOut({ isConnecting: true }),
      settled,
      fail('serviceUnavailable', 'no connection'),
    ],
    [
      'is a 408 when the client delays its body',
      sent,
      timedOut({ isBodyLate: true }),
      settled,
      fail('slowBody', 'slow body'),
    ],
    ['is a 504 when the service does not respond', sent, timedOut(), settled, fail('gatewayTimeout', 'deadline')],
    ['is a 504 while no header was sent on', responding, timedOut(), settled, fail('gatewayTimeout', 'deadline')],
    ['lets a response in progress continue', responding, timedOut({ isHeadersSent: true }), pastDeadline, wait(1000)],
    [
      'lets it continue at the minimum rate',
      pastDeadline,
      timedOut({ isHeadersSent: true, bytesMoved: 100 }),
      pastDeadline,
      wait(1000),
    ],
    [
      'disconnects a slower client',
      pastDeadline,
      timedOut({ isHeadersSent: true, bytesMoved: 99 }),
      { ...pastDeadline, phase: 'settled' },
      disconnect('deadline'),
    ],
  ],
  'the idle timeout of a stream': [
    [
      'starts again while bytes move',
      responding,
      timedOut({ isHeadersSent: true, bytesMoved: 1 }),
      responding,
      wait(5000),
      stream,
    ],
    ['starts again while an upload moves', sent, timedOut({ bytesMoved: 1 }), sent, wait(5000), stream],
    [
      'disconnects an idle client',
      responding,
      timedOut({ isHeadersSent: true }),
      settled,
      disconnect('deadline'),
      stream,
    ],
    ['is a 504 before the response', sent, timedOut(), settled, fail('gatewayTimeout', 'deadline'), stream],
  ],
  'a settled request': [
    ['is never sent later', settled, { type: 'connected' }, settled, { type: 'cancel' }],
    ['ignores a response', settled, { type: 'responded' }, settled, none],
    ['ignores an error', settled, failed('ECONNRESET', true), settled, none],
    ['ignores the end of the upstream request', settled, { type: 'upstreamClosed' }, settled, none],
    ['ignores a timeout', settled, timedOut(), settled, none],
    ['ignores its body', settled, rejected(false), settled, none],
    ['ignores the client', settled, { type: 'clientClosed' }, settled, none],
  ],
};

describe.each(Object.entries(cases))('%s', (_name, rows) => {
  test.each(rows)('%s', (_what, from, event, next, action, given = rules) => {
    expect(transition(from, event, given)).toEqual({ next, action });
  });
});

import { resourceErrorCodes } from '@clientela/errors';

/**
 * A proxied request as a state machine. `proxy.ts` reports events and performs the action that each returns.
 * Pure: no clock and no I/O, so that every transition can be read and tested alone.
 */
export type ProxiedRequest = {
  /**
   * `queued`: waits for an open connection to the service. `sent`: has a connection, no response yet.
   * `responding`: the service's response has begun. `settled`: completed, failed, or the client is gone.
   */
  phase: 'queued' | 'sent' | 'responding' | 'settled';
  isRetried: boolean;
  /** Whether the deadline passed while the response was in progress. */
  isPastDeadline: boolean;
};

export const newProxiedRequest: ProxiedRequest = { phase: 'queued', isRetried: false, isPastDeadline: false };

export type ProxyEvent =
  | { type: 'connected' }
  | { type: 'responded' }
  /** The upstream request closed. Without a response and without an error, as after an unrequested upgrade. */
  | { type: 'upstreamClosed' }
  | {
      type: 'upstreamFailed';
      code: string;
      isReusedConnection: boolean;
      /** Whether the service has a replica that the request was not sent to. */
      hasOtherReplica: boolean;
      /** Whether the service may receive a request twice: only a share of all. */
      hasRetryBudget: boolean;
    }
  /** The client takes nothing of its response. */
  | { type: 'clientStalled' }
  | { type: 'bodyRejected'; code: string; isHeadersSent: boolean }
  | {
      type: 'timedOut';
      /** Bytes that the client's connection carried since the timer started; only those it took once the response has begun. */
      bytesMoved: number;
      isHeadersSent: boolean;
      /** Whether the connection to the service is still being opened. */
      isConnecting: boolean;
      /** Whether the client delays its body, and not the service. */
      isBodyLate: boolean;
    }
  /** The client has the complete response, or disconnected. */
  | { type: 'clientClosed' };

export type Failure = 'serviceUnavailable' | 'badGateway' | 'gatewayTimeout' | 'slowBody' | 'bodyRejected';

export type ProxyAction =
  | { type: 'none' }
  /** Restart the timer. */
  | { type: 'wait'; ms: number }
  /** Send the body. After the deadline, `connected` results in `cancel` instead. */
  | { type: 'send' }
  | { type: 'cancel' }
  /** Forward the response to the client. */
  | { type: 'forward' }
  /** Send the request again: to another replica if there is one, else on another connection. */
  | { type: 'retry' }
  /** Send a problem document and end the upstream request. */
  | { type: 'fail'; failure: Failure; cause: string }
  /** Close the client's connection, so that the client sees that the response is incomplete. */
  | { type: 'disconnect'; cause: string };

export type ProxyRules = {
  isStream: boolean;
  /** GET and HEAD (RFC 9110, 9.2.1), which may be sent twice. */
  isSafe: boolean;
  /** Milliseconds; for a stream between two bytes. */
  deadline: number;
  /** After the deadline a response in progress may continue while `minBytes` move per `rateWindow` milliseconds. */
  rateWindow: number;
  minBytes: number;
};

export type Transition = { next: ProxiedRequest; action: ProxyAction };

/** Errors of a connection that was never opened. */
const unreachableCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'ENETDOWN',
  ...resourceErrorCodes, // of this machine: no connection could be opened
]);
/** Errors of a connection that the service closed before it responded: as it stopped, or just as the request went out. */
const resetCodes = new Set(['ECONNRESET', 'EPIPE']);

export function transition(current: ProxiedRequest, event: ProxyEvent, rules: ProxyRules): Transition {
  const { phase } = current;
  const stay = (action: ProxyAction): Transition => ({ next: current, action });
  const enter = (phase: ProxiedRequest['phase'], action: ProxyAction): Transition => ({
    next: { ...current, phase },
    action,
  });
  // A response in progress can only be cut off.
  const fail = (failure: Failure, cause: string, isHeadersSent = false): Transition =>
    enter('settled', isHeadersSent ? { type: 'disconnect', cause } : { type: 'fail', failure, cause });

  // A queued request may get its connection after the deadline. It must not be sent then.
  if (phase === 'settled') return stay({ type: event.type === 'connected' ? 'cancel' : 'none' });

  switch (event.type) {
    case 'connected':
      return enter('sent', { type: 'send' });
    case 'responded':
      return enter('responding', { type: 'forward' });
    case 'clientClosed':
      return enter('settled', { type: 'none' });
    case 'upstreamClosed':
      return phase === 'responding' ? stay({ type: 'none' }) : fail('badGateway', 'no response');
    case 'clientStalled':
      return enter('settled', { type: 'disconnect', cause: 'stalled client' });
    case 'bodyRejected':
      return fail('bodyRejected', event.code, event.isHeadersSent);
    case 'upstreamFailed': {
      const { code, isReusedConnection, hasOtherReplica, hasRetryBudget } = event;
      if (phase === 'responding') return fail('badGateway', code, true);
      // Without a connection no replica has seen the request, so any method may go to another one.
      if (phase === 'queued' && hasOtherReplica && !resourceErrorCodes.has(code)) return stay({ type: 'retry' });
      const isRepeatable =
        rules.isSafe && !current.isRetried && hasRetryBudget && (isReusedConnection || hasOtherReplica);
      if (phase === 'sent' && isRepeatable && resetCodes.has(code))
        return { next: { ...current, phase: 'queued', isRetried: true }, action: { type: 'retry' } };
      return fail(unreachableCodes.has(code) && !isReusedConnection ? 'serviceUnavailable' : 'badGateway', code);
    }
    case 'timedOut':
  }
  const { bytesMoved, isHeadersSent } = event;
  if (rules.isStream && bytesMoved > 0) return stay({ type: 'wait', ms: rules.deadline });
  if (!rules.isStream && isHeadersSent && (!current.isPastDeadline || bytesMoved >= rules.minBytes))
    return { next: { ...current, isPastDeadline: true }, action: { type: 'wait', ms: rules.rateWindow } };
  if (event.isConnecting) return fail('serviceUnavailable', 'no connection', isHeadersSent);
  if (phase === 'queued') return fail('serviceUnavailable', 'no free connection', isHeadersSent);
  if (event.isBodyLate) return fail('slowBody', 'slow body', isHeadersSent);
  return fail('gatewayTimeout', 'deadline', isHeadersSent);
}

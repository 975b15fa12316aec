import { Agent, type ClientRequest, type IncomingMessage } from 'node:http';
import type { Service } from '@clientela/contracts';
import { AppError, unavailable } from '@clientela/errors';
import type { Request } from 'express';
import { createProxyMiddleware, type Plugin } from 'http-proxy-middleware';
import { tidyAnswer } from './answer-headers.ts';
import { hasBody, heldByService, meterBody, tooSlow } from './body.ts';
import type { Limits } from './limits.ts';
import type { Route, Upstream } from './upstreams.ts';
import { answerProblem, type Door, type GatewayResponse } from './visit.ts';

/** One request on its way to a service. */
type Flight = {
  service: Service;
  route: Route;
  /** The onward call, once it has a connection. */
  call: ClientRequest | undefined;
  answer: IncomingMessage | undefined;
  repeated: boolean;
  over: boolean;
  /** Bytes the caller's connection had carried when it was last looked at. */
  moved: number;
  /** Past the deadline, with the answer under way. */
  overtime: boolean;
  timer: NodeJS.Timeout | undefined;
};

const unreachable = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
]);
const retryAfter = { 'Retry-After': '2' };

const away = (service: Service) => unavailable(`The ${service} service does not answer`);
const broken = (service: Service) =>
  new AppError('bad_gateway', { detail: `The ${service} service broke off its answer`, headers: retryAfter });
const late = (service: Service) =>
  new AppError('upstream_timeout', { detail: `The ${service} service did not answer in time`, headers: retryAfter });

export type Forwarder = { door: Door; close: () => void };

/** Hands requests on to the services, both ways as a stream, and turns everything that can go wrong there into a problem document. */
export function createForwarder(upstreams: readonly Upstream[], limits: Limits): Forwarder {
  const flights = new WeakMap<GatewayResponse, Flight>();
  const agents: Agent[] = [];

  /** Ends a flight by an answer of our own; when the service's answer has begun, all that is left is to break off. */
  const land = (req: Request, res: GatewayResponse, flight: Flight, reason: AppError, fault: string) => {
    if (flight.over) return;
    flight.over = true;
    clearTimeout(flight.timer);
    res.locals.visit.fault = fault;
    flight.answer?.unpipe(res);
    if (res.headersSent) {
      res.destroy();
      return;
    }
    // The service's call ends after our answer: ended before, the proxy would take the answer's connection down with it.
    res.once('finish', () => flight.call?.destroy());
    answerProblem(res, reason);
  };

  const watch = (req: Request, res: GatewayResponse, flight: Flight) => {
    const { route, service } = flight;
    const least = (limits.least_rate * limits.rate_window) / 1000;
    const movedSince = () => {
      const before = flight.moved;
      flight.moved = req.socket.bytesRead + req.socket.bytesWritten;
      return flight.moved - before;
    };
    const later = (time: number) => {
      flight.timer = setTimeout(expire, time);
    };
    const expire = () => {
      const { call } = flight;
      const moved = movedSince();
      if (route.kind === 'stream' && moved > 0) return later(limits.idle);
      // An answer that has begun may take its time with a caller on a thin line, as long as it gets on.
      if (route.kind !== 'stream' && res.headersSent && (!flight.overtime || moved >= least)) {
        flight.overtime = true;
        return later(limits.rate_window);
      }
      if (!call) return land(req, res, flight, away(service), 'no free connection');
      if (call.socket?.connecting) return land(req, res, flight, away(service), 'no connection');
      if (!req.complete && !heldByService(call)) return land(req, res, flight, tooSlow(), 'slow body');
      land(req, res, flight, late(service), 'deadline');
    };
    movedSince();
    later(route.kind === 'stream' ? limits.idle : route.deadline);
  };

  const connected = (call: ClientRequest, req: Request, res: GatewayResponse) => {
    const flight = flights.get(res);
    if (!flight) return;
    if (flight.over) {
      call.destroy(); // it was answered while it still waited for a connection
      return;
    }
    flight.call = call;
    // Ended without an answer and without an error, as by an upgrade that nobody asked for.
    call.once('close', () => {
      if (flight.call === call && !flight.answer) land(req, res, flight, broken(flight.service), 'no answer');
    });
    if (hasBody(req)) {
      meterBody(req, call, flight.route.body_limit, limits, (reason) =>
        land(req, res, flight, reason, reason.error_code),
      );
    }
  };

  const answered = (answer: IncomingMessage, req: Request, res: GatewayResponse) => {
    const flight = flights.get(res);
    if (!flight || flight.over) return;
    flight.answer = answer;
    tidyAnswer(answer, req, res);
    if (flight.route.kind === 'stream') process.nextTick(() => !res.headersSent && !flight.over && res.flushHeaders());
  };

  const failed = (error: Error & { code?: string }, req: Request, res: GatewayResponse, again: () => void) => {
    const flight = flights.get(res);
    if (!flight || flight.over) return;
    const { call, answer, service } = flight;
    const fault = error.code ?? error.name;
    // The service closed an idle connection just as the request went out. Nothing came back, and reading twice does no harm.
    const stale = call?.reusedSocket === true && answer === undefined && (fault === 'ECONNRESET' || fault === 'EPIPE');
    if (stale && !flight.repeated && (req.method === 'GET' || req.method === 'HEAD')) {
      flight.repeated = true;
      flight.call = undefined;
      return again();
    }
    const neverSent = unreachable.has(fault) && !call?.reusedSocket;
    if (answer) {
      // Part of an answer is worse than none: the caller must see that it broke off.
      res.locals.visit.fault = fault;
      return void res.destroy();
    }
    land(req, res, flight, neverSent ? away(service) : broken(service), fault);
  };

  /** A proxy with one fixed target and connections of its own. */
  const proxyTo = ({ hostname, port }: URL) => {
    const agent = new Agent({ keepAlive: true, maxSockets: limits.upstream_sockets, timeout: limits.upstream_idle });
    agents.push(agent);
    // The library's own plugins write a log line with addresses for each answer, and error pages with host names.
    const events: Plugin<Request, GatewayResponse> = (proxy) => {
      proxy.on('proxyReq', connected);
      proxy.on('proxyRes', answered);
      proxy.on('error', (error, req, res) => {
        if (req && res && 'locals' in res) failed(error, req, res, () => void forward(req, res));
      });
    };
    const forward = createProxyMiddleware<Request, GatewayResponse>({
      pathFilter: () => true, // left out, each request's address is parsed again
      target: { protocol: 'http:', hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port: port || '80' },
      agent,
      changeOrigin: true,
      xfwd: false,
      ws: false,
      followRedirects: false,
      ejectPlugins: true,
      plugins: [events],
    });
    return forward;
  };

  // Streams have connections of their own: many long ones must not keep short requests waiting.
  const proxies = new Map(
    upstreams.map(({ service, url }) => [service, { short: proxyTo(new URL(url)), stream: proxyTo(new URL(url)) }]),
  );

  const door: Door = (req, res, next) => {
    const { route, service } = res.locals.visit;
    const proxy = service && proxies.get(service);
    if (!route || !proxy) throw new Error('a request without a route came as far as the services');
    const flight: Flight = {
      service,
      route,
      call: undefined,
      answer: undefined,
      repeated: false,
      over: false,
      moved: 0,
      overtime: false,
      timer: undefined,
    };
    flights.set(res, flight);
    res.once('close', () => {
      flight.over = true;
      clearTimeout(flight.timer);
    });
    watch(req, res, flight);
    void proxy[route.kind === 'stream' ? 'stream' : 'short'](req, res, next);
  };

  return { door, close: () => agents.forEach((agent) => agent.destroy()) };
}

import { peers, type Peer, type Service } from '@clientela/fleet';
import type { BenchFleet } from './bench-fleet.ts';
import { cpuTime, treeCpuTime } from './cpu.ts';
import { postgres, type Run, type Side } from './measure.ts';
import type { Generator } from './open-loop.ts';

export const connections = 16;

export type Headers = Readonly<Record<string, string>>;
/** A request as a client sends it; `n` differs in every request of a run of the benchmark. */
export type HttpRequest = { method: string; path: string; body?: object };
export type MakeRequest = (n: number) => HttpRequest;

let unique = 0;
/** A number that no other request of this process gets. */
export const nextNumber = (): number => (unique += 1);

export function rawRequest({ method, path, body }: HttpRequest, headers: Headers): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = Object.entries({
    Host: '127.0.0.1',
    ...headers,
    ...(body !== undefined && {
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(text)),
    }),
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
}

/** More than any side can do in a second, so that no request is sent twice. */
const maxRate = { GET: 50, changing: 10_000 };

export function requestsFor(make: MakeRequest, headers: Headers, seconds: number): string[] {
  const isRead = make(0).method === 'GET';
  const count = isRead ? maxRate.GET : Math.ceil(maxRate.changing * seconds);
  return Array.from({ length: count }, () => rawRequest(make(nextNumber()), headers));
}

/** Repeats requests with a number of connections, each of which sends the next one when the response has come. */
export async function closedLoop(
  generator: Generator,
  target: { port: number; headers: Headers; request: MakeRequest },
  seconds: number,
): Promise<Run> {
  const { port, headers, request } = target;
  const requests = requestsFor(request, headers, seconds);
  const { samples, cpuShare, failures } = await generator.run({ port, requests, connections, seconds });
  const unanswered = Object.values(failures).reduce((sum, count) => sum + count, 0);
  const failed = samples.filter(([, , status]) => status < 200 || status > 299);
  // Fails, because the time of error responses would distort the figures.
  if (failed.length > 0 || unanswered > 0)
    throw new Error(
      `${failed.length + unanswered} of ${samples.length} requests ${request(0).method} ${request(0).path} failed, with ${failed[0]?.[2]}`,
    );
  return { requests: samples.length, seconds, generatorShare: cpuShare, durations: samples.map(([, ms]) => ms) };
}

/** Sends one request. @throws Error for an error response */
export async function sendOnce(port: number, headers: Headers, { method, path, body }: HttpRequest): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as unknown;
}

type Groups = Side['groups'];

/** Groups the processes of a fleet: the gateway, one service, the others, PostgreSQL. */
export function groupsOf(
  { fleet }: BenchFleet,
  service: Service,
  options: { gateway: boolean; others: boolean },
): Groups {
  const timeOf = (peer: Peer) => cpuTime(fleet.pid(peer) ?? 0);
  const others = peers.filter((peer) => peer !== 'gateway' && peer !== service);
  return {
    ...(options.gateway && { gateway: () => timeOf('gateway') }),
    service: () => timeOf(service),
    ...(options.others && { 'other services': () => others.reduce((sum, peer) => sum + timeOf(peer), 0) }),
    [postgres]: () => treeCpuTime(fleet.postgres.pid() ?? 0),
  };
}

import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { freePort } from '@clientela/testing';

/**
 * Where a connection is cut: `before` the request is forwarded, `during` the work on it, `after` half of its response. A number is a
 * status that the proxy responds with itself, with a Retry-After of one second.
 */
export type Fault = 'before' | 'during' | 'after' | 429 | 503;

export type CuttingProxy = {
  url: string;
  /** Requests in the order of their arrival. */
  seen: { route: string; at: number; key: string | undefined }[];
  /** Breaks the next requests of a route, one fault each. */
  breakNext: (route: string, ...faults: Fault[]) => void;
  close: () => Promise<void>;
};

/** Starts an HTTP proxy before a gateway that breaks requests as a test says. */
export async function cuttingProxy(target: string): Promise<CuttingProxy> {
  const planned = new Map<string, Fault[]>();
  const seen: CuttingProxy['seen'] = [];
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const route = `${incoming.method} ${incoming.url?.split('?')[0]}`;
    seen.push({ route, at: performance.now(), key: incoming.headers['idempotency-key'] as string | undefined });
    const fault = planned.get(route)?.shift();
    const body = Buffer.concat(await Array.fromAsync(incoming as AsyncIterable<Buffer>));
    if (typeof fault === 'number') {
      const problem = { status: fault, detail: 'Try again', error_code: 'RATE_LIMITED', errors: [] };
      outgoing.writeHead(fault, { 'Content-Type': 'application/problem+json', 'Retry-After': '1' });
      outgoing.end(JSON.stringify(problem));
      return;
    }
    if (fault === 'before') {
      incoming.socket.destroy();
      return;
    }
    const forwarded = request(`${target}${incoming.url}`, { method: incoming.method, headers: incoming.headers });
    forwarded.on('response', (response) => {
      void (async () => {
        const content = Buffer.concat(await Array.fromAsync(response as AsyncIterable<Buffer>));
        if (outgoing.destroyed) return;
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        if (fault !== 'after') outgoing.end(content);
        else outgoing.write(content.subarray(0, content.length / 2), () => incoming.socket.destroy());
      })();
    });
    forwarded.on('error', () => outgoing.destroy());
    forwarded.end(body, () => {
      if (fault === 'during') incoming.socket.destroy();
    });
  };
  const server = createServer((incoming, outgoing) => void handle(incoming, outgoing));
  const port = await freePort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    breakNext: (route, ...faults) => planned.set(route, faults),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { Agent, createServer as createHttpServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type Balancer = { port: number; close: () => Promise<void> };

const probeInterval = 250; // milliseconds

/** Probes the readiness of replicas. @param targets their ports, which may change */
function probe(targets: () => readonly number[]) {
  const unready = new Set<number>();
  const stopping = new AbortController();
  let turn = 0;
  /** @returns undefined when a busy replica did not respond in time, which changes nothing: a Service of Kubernetes ignores it twice */
  const isReady = (port: number) =>
    fetch(`http://127.0.0.1:${port}/ready`, { signal: AbortSignal.timeout(1000) }).then(
      async (response) => response.arrayBuffer().then(() => response.ok),
      (error: Error) => (error.name === 'TimeoutError' ? undefined : false),
    );
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const ports = targets();
      const results = await Promise.all(ports.map(isReady));
      for (const [at, port] of ports.entries())
        if (results[at] === true) unready.delete(port);
        else if (results[at] === false) unready.add(port);
      await sleep(probeInterval, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    /** The ready replicas in turn, then the others. */
    inOrder: (): number[] => {
      turn += 1;
      const ports = targets();
      const rotated = ports.map((_, at) => ports[(at + turn) % ports.length] as number);
      return [...rotated.filter((port) => !unready.has(port)), ...rotated.filter((port) => unready.has(port))];
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

/** A load balancer of connections, as a Kubernetes Service is: each goes to a ready replica, or to the next when it is refused. */
export async function connectionBalancer(targets: () => readonly number[]): Promise<Balancer> {
  const probes = probe(targets);
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const join = ([port, ...others]: number[]) => {
      if (port === undefined) {
        client.destroy();
        return;
      }
      const upstream = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      const refused = () => join(others);
      upstream.once('error', refused).once('connect', () => {
        upstream.off('error', refused).on('error', () => client.destroy());
        for (const socket of [client, upstream]) {
          sockets.add(socket);
          socket.once('close', () => sockets.delete(socket));
        }
        client.pipe(upstream).pipe(client);
        client.once('close', () => upstream.destroy());
      });
    };
    client.on('error', () => client.destroy());
    join(probes.inOrder());
  });
  return {
    port: await listen(server),
    close: async () => {
      await probes.stop();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A reverse proxy: each request goes to a ready replica, or to the next when its connection is refused. It repeats nothing else. */
export async function requestBalancer(targets: () => readonly number[]): Promise<Balancer> {
  const probes = probe(targets);
  const agent = new Agent({ keepAlive: true });
  const forward = (req: IncomingMessage, body: Buffer, res: ServerResponse, [port, ...others]: number[]): void => {
    if (port === undefined) return void res.writeHead(503).end();
    const { method, url } = req;
    const upstream = request({ port, host: '127.0.0.1', agent, method, path: url, headers: req.headers });
    upstream.once('response', (response) => {
      const headers = Object.entries(response.headers).filter(
        ([name]) => name !== 'connection' && name !== 'keep-alive',
      );
      res.writeHead(response.statusCode ?? 502, Object.fromEntries(headers));
      response.pipe(res);
    });
    upstream.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') forward(req, body, res, others);
      else if (res.headersSent) res.destroy();
      else res.writeHead(502).end(`the proxy: ${error.code}`);
    });
    upstream.end(body);
  };
  const server = createHttpServer({ keepAliveTimeout: 120_000 }, (req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => forward(req, Buffer.concat(chunks), res, probes.inOrder()));
  });
  return {
    port: await listen(server),
    close: async () => {
      await probes.stop();
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

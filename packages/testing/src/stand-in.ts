import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Service } from '@clientela/contracts';
import { serviceClient, type ServiceClient } from '@clientela/http';

export type StandIn = {
  client: ServiceClient;
  /** What it answers from now on; undefined hangs up. */
  answer: (how: (path: string, body: unknown) => { status: number; body?: unknown } | undefined) => void;
  /** What it was asked: method and path, headers, body. */
  calls: { method: string; path: string; headers: NodeJS.Dict<string | string[]>; body: unknown }[];
  close: () => Promise<void>;
};

/** A small real HTTP server in the place of another service. */
export async function standIn(service: Service): Promise<StandIn> {
  let how: Parameters<StandIn['answer']>[0] = () => ({ status: 404 });
  const calls: StandIn['calls'] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const body: unknown = text ? JSON.parse(text) : undefined;
      calls.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
      const answer = how(request.url ?? '', body);
      if (!answer) {
        request.socket.destroy();
        return;
      }
      response.writeHead(answer.status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer.body ?? {}));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    client: serviceClient({ service, url: `http://127.0.0.1:${port}`, key: 'key-of-test', timeout: 500 }),
    answer: (next) => {
      how = next;
    },
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

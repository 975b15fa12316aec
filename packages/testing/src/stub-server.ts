import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Service } from '@clientela/contracts';
import { serviceClient, type ServiceClient } from '@clientela/http';

/** `text` in the place of a body is sent as it is. */
type Answer = { status: number; body?: unknown; text?: string; headers?: Record<string, string> } | undefined;

export type StubServer = {
  client: ServiceClient;
  url: string;
  /** What it answers from now on; undefined hangs up, and what is never settled is never answered. */
  answer: (how: (path: string, body: unknown) => Answer | Promise<Answer>) => void;
  /** What it was asked: method and path, headers, body. */
  calls: { method: string; path: string; headers: NodeJS.Dict<string | string[]>; body: unknown }[];
  close: () => Promise<void>;
};

/** A small real HTTP server in the place of another service. */
export async function stubServer(service: Service): Promise<StubServer> {
  let how: Parameters<StubServer['answer']>[0] = () => ({ status: 404 });
  const calls: StubServer['calls'] = [];
  const heard = async (request: IncomingMessage, response: ServerResponse, text: string) => {
    const body: unknown = text ? JSON.parse(text) : undefined;
    calls.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    const answer = await how(request.url ?? '', body);
    if (!answer) {
      request.socket.destroy();
      return;
    }
    response.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
    response.end(answer.text ?? JSON.stringify(answer.body ?? {}));
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void heard(request, response, Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    client: serviceClient({ service, url, key: 'key-of-test' }),
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

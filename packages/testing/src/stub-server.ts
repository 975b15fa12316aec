import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Service } from '@clientela/contracts';
import { serviceClient, type CallPolicy, type ServiceClient } from '@clientela/http';

/** A response to send. `text` replaces a JSON body. */
type StubResponse = { status: number; body?: unknown; text?: string; headers?: Record<string, string> } | undefined;

export type StubServer = {
  client: ServiceClient;
  url: string;
  /** Sets the handler. Undefined closes the connection; a pending promise leaves the request without a response. */
  respond: (handler: (path: string, body: unknown) => StubResponse | Promise<StubResponse>) => void;

  /** The requests received so far. */
  calls: { method: string; path: string; headers: NodeJS.Dict<string | string[]>; body: unknown }[];
  close: () => Promise<void>;
};

/** Starts an HTTP server that stands in for another service. */
export async function stubServer(service: Service): Promise<StubServer> {
  let handler: Parameters<StubServer['respond']>[0] = () => ({ status: 404 });
  const calls: StubServer['calls'] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse, text: string) => {
    const body: unknown = text ? JSON.parse(text) : undefined;
    calls.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    const stubbed = await handler(request.url ?? '', body);
    if (!stubbed) {
      request.socket.destroy();
      return;
    }
    response.writeHead(stubbed.status, { 'Content-Type': 'application/json', ...stubbed.headers });
    response.end(stubbed.text ?? JSON.stringify(stubbed.body ?? {}));
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => void handle(request, response, Buffer.concat(chunks).toString()));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  // Without a breaker, which failures of one test would open for the next.
  const policy: CallPolicy = (attempt) => attempt();
  const respond: StubServer['respond'] = (next) => {
    handler = next;
  };
  return {
    url,
    client: serviceClient({ service, url, key: 'key-of-test', policy }),
    respond,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

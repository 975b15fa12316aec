import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { serviceClient } from './client.ts';

test('a truncated response is a 503 that names the service', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 100 });
    response.write('{"id":', () => response.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = serviceClient({ service: 'customer', url: `http://127.0.0.1:${port}`, key: 'key' });
  const actor = {
    id: 'service:favorites',
    role: 'service' as const,
    company_id: null,
    session_id: null,
    client_ip: null,
    request_id: 'request-1',
  };
  await expect(client.get('/internal/customers/1', z.object({ id: z.string() }), { actor })).rejects.toMatchObject({
    kind: 'unavailable',
    message: 'The customer service is unavailable',
  });
  server.close();
});

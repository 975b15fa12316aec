import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { freePort } from '@clientela/testing';

const sources = new URL('.', import.meta.resolve('@clientela/client'));

const page = `<!doctype html><title>Client</title>
<script type="module">import * as client from '/client/index.ts'; globalThis.clientelaClient = client;</script>`;

/** Serves a page with the client as `clientelaClient`, and the sources of the client without their types, for its script to import. */
export async function serveClient(): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/';
    if (!/^\/client\/[\w/-]+\.ts$/.test(path)) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(page);
      return;
    }
    const file = fileURLToPath(new URL(path.replace('/client/', ''), sources));
    response.writeHead(200, { 'Content-Type': 'text/javascript' });
    response.end(stripTypeScriptTypes(readFileSync(file, 'utf8')));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

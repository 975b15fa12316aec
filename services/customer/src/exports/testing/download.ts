import { randomUUID } from 'node:crypto';
import { createServer, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { closeGracefully, listenOn } from '@clientela/runtime';
import type { TestService } from '@clientela/testing';
import { onTestFinished } from 'vitest';

/** Starts a request for an export as an admin does, and resolves with its response when the headers are there: nothing reads the body yet. */
export async function startDownload(
  { app }: TestService,
  company_id: string,
  file: string,
  method = 'GET',
): Promise<IncomingMessage> {
  const server = createServer(app);
  const port = await listenOn(server, { host: '127.0.0.1', port: 0 });
  const headers = {
    'X-Service-Key': 'key-of-gateway',
    'X-User-Id': randomUUID(),
    'X-User-Role': 'admin',
    'X-Session-Id': randomUUID(),
    'X-Company-Id': company_id,
  };
  const sent = request({ port, path: `/api/customers/${file}`, method, headers, agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject).end();
  });
  sent.once('close', () => void closeGracefully(server, 0));
  onTestFinished(() => void response.destroy()); // an unread body would keep the export and its connection
  return response;
}

/** Downloads a whole export. */
export async function download(service: TestService, company_id: string, file: string): Promise<string> {
  const response = await startDownload(service, company_id, file);
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${file}: ${response.statusCode} ${body}`);
  return body;
}

/** Downloads an export of JSON lines and parses it. */
export const downloadRows = async <Row>(service: TestService, company_id: string, query = ''): Promise<Row[]> =>
  parseLines(await download(service, company_id, `export.jsonl?${query}`));

export const parseLines = <Row>(lines: string): Row[] =>
  lines
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Row);

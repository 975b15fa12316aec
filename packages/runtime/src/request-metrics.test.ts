import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { exposeMetrics } from './metrics.ts';
import { createRequestMetrics } from './request-metrics.ts';

const linesOf = (service: string, text: string) =>
  text.split('\n').filter((line) => line.includes(`{service="${service}",`));
const seriesOf = async (service: string) => linesOf(service, (await exposeMetrics()).text);

test('a process has a bounded number of series, whatever is requested; failed requests take none of the successful ones', async () => {
  // Runs in a process of its own: other files of this worker use up values of the same label.
  const script = `
    import { createRequestMetrics } from ${JSON.stringify(new URL('./request-metrics.ts', import.meta.url).href)};
    import { exposeMetrics } from ${JSON.stringify(new URL('./metrics.ts', import.meta.url).href)};
    const metrics = createRequestMetrics('bounded');
    const routes = Array.from({ length: 300 }, (_, index) => '/api/things' + index + '/{id}');
    const failures = [400, 401, 403, 404, 405, 409, 410, 412, 413, 414, 415, 422, 429, 431, 500, 501, 502, 503, 504, 599];
    for (const status of failures)
      for (const route of routes)
        for (const method of ['GET', 'POST', 'M-SEARCH', 'PROPFIND']) metrics.start(() => 'json')(method, route, status, 1);
    for (const route of routes) metrics.start(() => 'json')('GET', route, 200, 1);
    process.stdout.write((await exposeMetrics()).text);`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
  const series = linesOf('bounded', stdout);
  // 14 series a label set, and one of the requests in progress.
  expect(series.length).toBeLessThanOrEqual(136 * 14 + 1);
  const counts = series.filter((line) => line.startsWith('http_server_request_duration_seconds_count'));
  expect(counts).toContainEqual(expect.stringContaining('route="/api/things94/{id}",status="200"} 1'));
  expect(counts).toContainEqual(expect.stringContaining('method="other",route="other",status="200"} 205'));
  expect(counts).toContainEqual(expect.stringContaining('method="other",route="other",status="5xx"}'));
  expect(counts.every((line) => !line.includes('M-SEARCH'))).toBe(true);
  const total = counts.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  expect(total).toBe(300 * 20 * 4 + 300);
});

test('requests in progress are counted by kind', async () => {
  const metrics = createRequestMetrics('active');
  let kind: string | undefined;
  const end = metrics.start(() => kind);
  const active = async () => (await seriesOf('active')).filter((line) => line.startsWith('http_server_active'));
  expect(await active()).toEqual(['http_server_active_requests{service="active",kind="json"} 1']);
  kind = 'stream';
  expect(await active()).toContain('http_server_active_requests{service="active",kind="stream"} 1');
  end('GET', '/api/stream', 200, 5);
  expect(await active()).toEqual(['http_server_active_requests{service="active",kind="json"} 0']);
});

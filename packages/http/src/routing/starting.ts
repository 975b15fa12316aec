import type { RequestListener } from 'node:http';
import { createProblem, unavailable } from '@clientela/errors';
import { jsonText, requestIdOf } from '@clientela/runtime';

/**
 * Serves a process that still waits for what it needs: alive, not ready, and a 503 for every other request.
 * @param waitsFor what it waits for
 */
export const startingListener =
  (service: string, waitsFor: () => string | undefined): RequestListener =>
  (request, response) => {
    const path = request.url?.split('?')[0];
    const request_id = requestIdOf(request.headers);
    const waits_for = waitsFor();
    response.setHeader('X-Request-Id', request_id);
    // A caller that kept the connection would come back here, while another replica is ready.
    response.shouldKeepAlive = false;
    if (path === '/health' || path === '/ready') {
      const isHealth = path === '/health';
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      if (!isHealth) response.setHeader('Retry-After', '2');
      response.writeHead(isHealth ? 200 : 503);
      response.end(jsonText({ status: isHealth ? 'healthy' : 'starting', service, ...(!isHealth && { waits_for }) }));
      return;
    }
    const { status, headers, body } = createProblem(unavailable(`The ${service} service is starting`), request_id);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.writeHead(status);
    response.end(request.method === 'HEAD' ? undefined : jsonText(body));
    request.resume();
  };

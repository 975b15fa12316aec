import { IncomingMessage, ServerResponse, type ServerOptions } from 'node:http';

/** What an Express app gives to each request and response as their prototypes. */
type ExpressPrototypes = { request: object; response: object };

export type ExpressMessages = {
  /** Options of node's server. */
  options: Required<Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>>;
  /** Makes them those of the app, the only one of the server. */
  adopt: (app: ExpressPrototypes) => void;
};

/**
 * Creates classes of requests and responses for one server that have the prototypes of its Express app from the start. Express would change
 * those of each (`app.handle`), which costs as much as several middleware.
 */
export function createExpressMessages(): ExpressMessages {
  class Request extends IncomingMessage {}
  class Response<T extends IncomingMessage> extends ServerResponse<T> {
    /** Express would give each response an object without a prototype, whose fields take longer to find. */
    locals = {};
  }
  return {
    options: { IncomingMessage: Request, ServerResponse: Response },
    adopt: (app) => {
      Object.setPrototypeOf(Request.prototype, app.request);
      Object.setPrototypeOf(Response.prototype, app.response);
      app.request = Request.prototype;
      app.response = Response.prototype;
    },
  };
}

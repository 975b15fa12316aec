/** A response with its own status or headers. A Readable body is streamed. */
export class Reply<Body = unknown> {
  readonly status: number | undefined;
  readonly body: Body;
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number | undefined, body: Body, headers: Readonly<Record<string, string>>) {
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Creates a response with one of the route's declared statuses. */
export const reply = <Body>(status: number, body: Body, headers: Readonly<Record<string, string>> = {}): Reply<Body> =>
  new Reply(status, body, headers);

/** Creates a response with the route's success status and the record's version as a strong `ETag` (RFC 9110, 8.8.3). */
export const withETag = <Body>(version: number, body: Body): Reply<Body> =>
  new Reply(undefined, body, { ETag: `"${version}"` });

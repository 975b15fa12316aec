/** An answer with its own status or headers. A body that is a Readable is sent as it comes. */
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

/** Answers with one of the route's declared statuses. */
export const reply = <Body>(status: number, body: Body, headers: Readonly<Record<string, string>> = {}): Reply<Body> =>
  new Reply(status, body, headers);

/** Answers with the route's own success status and the record's version as its strong `ETag` (RFC 9110, 8.8.3). */
export const withETag = <Body>(version: number, body: Body): Reply<Body> =>
  new Reply(undefined, body, { ETag: `"${version}"` });

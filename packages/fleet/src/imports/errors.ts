/** An error whose message is one sentence for the person at the terminal. */
export class CommandError extends Error {
  override name = 'CommandError';
  /** The status of the response, if there was one. */
  readonly status: number | undefined;
  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

import { endSpan, failSpan, type Span } from '@clientela/runtime';

type Ended = {
  command: string | { name?: string };
  /** Its verb and table. */
  statement: string;
  /** When the server could begin with it. */
  startedAt: number;
  error: unknown;
  result: unknown;
};

/** Ends the span of a statement: under the name that the code gives it, else its verb and table. Its text and values stay here. */
export function endStatement(span: Span, { command, statement, startedAt, error, result }: Ended): void {
  span.start = startedAt;
  span.name = typeof command === 'string' ? statement : (command.name ?? statement);
  span.attributes = {
    'db.system.name': 'postgresql',
    'db.operation.name': (statement.split(' ', 1)[0] ?? '').toUpperCase(),
    'db.query.summary': statement,
  };
  const rows = (result as { rowCount?: number | null } | undefined)?.rowCount;
  if (typeof rows === 'number') span.attributes['db.response.returned_rows'] = rows;
  if (error) failSpan(span, error);
  endSpan(span);
}

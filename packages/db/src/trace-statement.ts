import { endSpan, failSpan, type Span } from '@clientela/runtime';

/** Ends the span of a statement. @param name its verb and table; its text and values stay here */
export function endStatement(span: Span, name: string, error: unknown, result: unknown): void {
  span.name = name;
  span.attributes['db.system.name'] = 'postgresql';
  span.attributes['db.operation.name'] = (name.split(' ')[0] ?? '').toUpperCase();
  span.attributes['db.query.summary'] = name;
  const rows = (result as { rowCount?: number | null } | undefined)?.rowCount;
  if (typeof rows === 'number') span.attributes['db.response.returned_rows'] = rows;
  if (error) failSpan(span, error);
  endSpan(span);
}

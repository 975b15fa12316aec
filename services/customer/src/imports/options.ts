import { invalid, type FieldError } from '@clientela/errors';
import { fieldErrors, parseWith } from '@clientela/http';
import { NewImport, type ImportOptions } from './schema.ts';

const defaults: ImportOptions = {
  match_on: 'email',
  on_match: 'skip',
  dry_run: false,
  encoding: null,
  separator: null,
  mapping: null,
};
type Choices = Omit<NewImport, 'source'>;

/**
 * Joins the options of query and body with the defaults.
 * @throws AppError 422 for an option that both have, with different values
 */
export function toOptions(query: Choices, body: Choices): ImportOptions {
  const errors: FieldError[] = [];
  const options: Record<string, unknown> = { ...defaults };
  for (const [name, value] of Object.entries(body)) if (value !== undefined) options[name] = value;
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    const other = body[name as keyof Choices];
    if (other !== undefined && other !== value)
      errors.push({ path: name, message: 'differs from the query parameter' });
    options[name] = value;
  }
  if (errors.length > 0) throw invalid(errors);
  return options as ImportOptions;
}

/** Validates the fields of a form, those behind the file too. @throws AppError 422 */
export function parseFields(fields: Record<string, string>): Choices {
  const parsed = parseWith(NewImport, fields);
  if (!parsed.success) throw invalid(fieldErrors(parsed.error.issues));
  const { source, ...choices } = parsed.data;
  if (source !== undefined && source !== 'file')
    throw invalid([{ path: 'source', message: 'must be file where there is one' }]);
  return choices;
}

const uuid = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
const wholeNumber = /^\d{1,15}$/;

/**
 * Collects the ids by which an erasure finds a stored response: every UUID, and customer numbers under their field names.
 * @param value actor, path parameters, headers and body of a response
 * @param numberFields names of the fields that hold a customer number
 */
export function collectSubjectIds(value: unknown, numberFields: readonly string[]): string[] {
  const ids = new Set<string>();
  const json = JSON.stringify(value, (field, nested: unknown) => {
    const isNumber = typeof nested === 'number' || typeof nested === 'string';
    if (isNumber && numberFields.includes(field) && wholeNumber.test(String(nested))) ids.add(String(Number(nested)));
    return nested;
  });
  for (const [id] of json.matchAll(uuid)) ids.add(id.toLowerCase());
  return [...ids];
}

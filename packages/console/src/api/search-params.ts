// What an address may hold. Everything else in it is left out.

export const text = (value: unknown): string | undefined =>
  (typeof value === 'string' || typeof value === 'number') && String(value).trim() !== ''
    ? String(value).slice(0, 200)
    : undefined;
export const oneOf = <V extends string>(value: unknown, values: readonly V[]): V | undefined =>
  values.find((each) => each === value);
/** A page after the first. */
export const pageNumber = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) && value > 1 && value <= 100_000 ? value : undefined;
/** A day, `2026-01-31`. */
export const day = (value: unknown): string | undefined => {
  const found = text(value);
  return found !== undefined && /^\d{4}-\d\d-\d\d$/.test(found) && !Number.isNaN(Date.parse(found)) ? found : undefined;
};
/** The instant at which a day begins here, or the next one. */
export function startOf(date: string, add = 0): string {
  const start = new Date(`${date}T00:00:00`);
  start.setDate(start.getDate() + add);
  return start.toISOString();
}

/** A count, or an amount as a decimal string of two places. */
export type Value = number | string;
export type Point = { at: string; value: Value };

/** An interval of the period, and the one as far into the period before. Days are `2026-01-31`. */
export type Row = { at: string; value: Value; before: { at: string; value: Value } | undefined };

/** Splits an answer into the period and the one before, which it begins with. */
export function pairPoints(points: readonly Point[], count: number): Row[] {
  const all = points.map(({ at, value }) => ({ at: at.slice(0, 10), value }));
  const before = all.length > count ? all.slice(0, -count) : [];
  return all.slice(-count).map(({ at, value }, index) => ({ at, value, before: before[index] }));
}

/** Counts, or hundredths: what can be added exactly. */
const units = (value: Value): bigint => BigInt(typeof value === 'number' ? value : value.replace('.', ''));

/** Adds counts or amounts, exactly. */
export function addUp(values: readonly Value[]): Value {
  const sum = values.reduce((total, value) => total + units(value), 0n);
  if (typeof values[0] !== 'string') return Number(sum);
  const digits = String(sum < 0n ? -sum : sum).padStart(3, '0');
  return `${sum < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** How much more there is than before: 0.12 for 12 %. @returns undefined where there was nothing before */
export function changeOf(value: Value, before: Value): number | undefined {
  const base = units(before);
  return base > 0n ? Number(((units(value) - base) * 10_000n) / base) / 10_000 : undefined;
}

/** The interval with the most, the first of equals. @returns undefined where nothing is above zero */
export function highest(rows: readonly Row[]): Row | undefined {
  let top: Row | undefined;
  for (const row of rows) if (units(row.value) > units(top?.value ?? 0)) top = row;
  return top;
}

export const isNothing = (rows: readonly Row[]): boolean =>
  rows.every(({ value, before }) => units(value) === 0n && units(before?.value ?? 0) === 0n);
